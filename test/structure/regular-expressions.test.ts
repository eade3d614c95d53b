// No regular expression of ours takes more than linear time on a repeated character.
// The sources are analysed; no time is measured.
import { readdirSync, readFileSync } from 'node:fs';
import { parseSync, Visitor } from 'oxc-parser';
import { analyse } from 'scslre';
import { expect, it } from 'vitest';

interface Found {
  file: string;
  source: string;
  flags: string;
}

/** Quadratic but harmless, because its input is the text of a number. */
const ofShortTexts = ['\\B(?=(\\d{3})+$)'];

const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
const literals: Found[] = [];
const made: Found[] = [];
for (const file of files) {
  const visitor = new Visitor({
    Literal(node) {
      if ('regex' in node) literals.push({ file, source: node.regex.pattern, flags: node.regex.flags });
    },
    NewExpression(node) {
      if (node.callee.type === 'Identifier' && node.callee.name === 'RegExp')
        made.push({ file, source: JSON.stringify(node.arguments), flags: '' });
    },
    CallExpression(node) {
      if (node.callee.type === 'Identifier' && node.callee.name === 'RegExp')
        made.push({ file, source: JSON.stringify(node.arguments), flags: '' });
    },
  });
  visitor.visit(parseSync(file, readFileSync(`src/${file}`, 'utf8')).program);
}
const slow = literals.filter(({ source, flags }) => analyse({ source, flags }).reports.length > 0);

it('every regular expression in our sources takes linear time', () => {
  expect(literals.length).toBeGreaterThan(40);
  expect(slow.filter(({ source }) => !ofShortTexts.includes(source))).toEqual([]);
});

it('a regular expression that takes longer is found', () => {
  for (const source of ['(a+)+$', '\\s*;?\\s*$', '=+$']) expect(analyse({ source, flags: '' }).reports, source).not.toEqual([]);
});

it('none is built from user input: the few that are built consist of our own parts, without a star or a plus', () => {
  expect([...new Set(made.map(({ file }) => file))]).toEqual(['domain/deliveries/outcome.ts']);
  for (const { source } of made) expect(source).not.toMatch(/[*+]/);
});
