// A function that contains other functions has at most 60 lines. A longer one hides its parts from
// profilers, stack traces and "go to definition": write a class, or functions of the file.
import { readFileSync } from 'node:fs';
import { type ArrowFunctionExpression, type Function as FunctionNode, parseSync, type Span, Visitor } from 'oxc-parser';
import { expect, it } from 'vitest';
import { sourceFiles } from './imports.ts';

const maxLines = 60;

interface Closure {
  name: string;
  lines: number;
}

/** The functions of a file that contain other functions. */
function closuresIn(file: string, text = readFileSync(file, 'utf8')): Closure[] {
  const found: Closure[] = [];
  /** The functions around the current node, the outermost first. */
  const around: { name: string; hasInner: boolean }[] = [];
  const enter = (node: FunctionNode | ArrowFunctionExpression) => {
    for (const outer of around) outer.hasInner = true;
    around.push({ name: ('id' in node && node.id?.name) || 'a function without a name', hasInner: false });
  };
  const leave = ({ start, end }: Span) => {
    const left = around.pop();
    if (left?.hasInner) found.push({ name: left.name, lines: text.slice(start, end).split('\n').length });
  };
  new Visitor({
    FunctionDeclaration: enter,
    FunctionExpression: enter,
    ArrowFunctionExpression: enter,
    'FunctionDeclaration:exit': leave,
    'FunctionExpression:exit': leave,
    'ArrowFunctionExpression:exit': leave,
  }).visit(parseSync(file, text).program);
  return found;
}

it('no function with other functions inside has more than 60 lines', () => {
  const closures = sourceFiles.flatMap((file) =>
    closuresIn(file).map((closure) => ({ ...closure, at: `${file.slice('src/'.length, -'.ts'.length)} ${closure.name}` })),
  );
  expect(closures.length).toBeGreaterThan(500);
  expect(closures.filter(({ lines }) => lines > maxLines).map(({ at, lines }) => `${at}: ${lines}`)).toEqual([]);
});

it('the check finds a long function, and only when it contains another one', () => {
  const body = 'x();\n'.repeat(maxLines);
  const text = `function flat() {\n${body}}\nfunction outer() {\n${body}const inner = () => y();\n}\nclass C {\n${body.replaceAll('x();', 'm() {}')}}`;
  expect(closuresIn('x.ts', text)).toEqual([{ name: 'outer', lines: maxLines + 3 }]);
});
