// A function has at most 40 lines. One that contains other functions has at most 60: a longer one hides its parts from
// profilers, stack traces and "go to definition". Write a class, or functions of the file.
import { readFileSync } from 'node:fs';
import { type ArrowFunctionExpression, type Function as FunctionNode, parseSync, type Span, Visitor } from 'oxc-parser';
import { expect, it } from 'vitest';
import { sourceFiles, webFiles } from './imports.ts';

const maxLines = 40;
const maxLinesOfOuter = 60;

interface Found {
  name: string;
  lines: number;
  hasInner: boolean;
}

function functionsIn(file: string, text = readFileSync(file, 'utf8')): Found[] {
  const found: Found[] = [];
  /** The functions around the current node, the outermost first. */
  const around: { name: string; hasInner: boolean }[] = [];
  const enter = (node: FunctionNode | ArrowFunctionExpression) => {
    for (const outer of around) outer.hasInner = true;
    around.push({ name: ('id' in node && node.id?.name) || 'a function without a name', hasInner: false });
  };
  const leave = ({ start, end }: Span) => {
    const left = around.pop();
    if (left) found.push({ ...left, lines: text.slice(start, end).split('\n').length });
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

const tooLong = (file: string, text?: string) =>
  functionsIn(file, text).filter(({ lines, hasInner }) => lines > (hasInner ? maxLinesOfOuter : maxLines));

it('no function has more than 40 lines, or 60 if it contains others', () => {
  expect(sourceFiles.flatMap((file) => functionsIn(file)).filter(({ hasInner }) => hasInner).length).toBeGreaterThan(500);
  const found = [...sourceFiles, ...webFiles].flatMap((file) => tooLong(file).map(({ name, lines }) => `${file} ${name}: ${lines}`));
  expect(found).toEqual([]);
});

it('the check finds a long function with and without others inside, and no long class', () => {
  const body = (lines: number) => 'x();\n'.repeat(lines);
  const flat = (lines: number) => `function flat() {\n${body(lines - 2)}}\n`;
  const outer = (lines: number) => `function outer() {\n${body(lines - 3)}const inner = () => y();\n}\n`;
  const longClass = `class C {\n${'m() {}\n'.repeat(70)}}\n`;
  expect(tooLong('x.ts', flat(40) + outer(60) + longClass)).toEqual([]);
  expect(tooLong('x.ts', flat(41) + outer(61))).toEqual([
    { name: 'flat', lines: 41, hasInner: false },
    { name: 'outer', lines: 61, hasInner: true },
  ]);
});
