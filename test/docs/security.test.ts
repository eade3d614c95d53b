// SECURITY.md names the tests for each threat. The tests must exist and use words of the threat or
// its defence.
import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const text = readFileSync('SECURITY.md', 'utf8');
const [, threats = ''] = /^## Threats$(.*?)^## /ms.exec(text) ?? [];
const rows = threats
  .split('\n')
  .filter((line) => /^\| (?!threat |---)/.test(line))
  .map((line) => line.split('|').slice(1, -1));

it('every row of the threat model has a threat, a defence and a test', () => {
  expect(rows.length).toBeGreaterThan(40);
  for (const row of rows) {
    expect(row, row[0]).toHaveLength(3);
    for (const cell of row) expect(cell.trim(), row[0]).not.toBe('');
    expect(row[2], row[0]).toMatch(/`(test|bin)\/[\w-]/);
  }
});

it('every path exists, and there are no placeholders', () => {
  expect(text).not.toMatch(/(test|bin)\/…|<!--/);
  const paths = [...text.matchAll(/`((?:test|src|docs|bin|bench)\/[^`*…]+)`/g)].map(([, path = '']) => path);
  expect(paths.length).toBeGreaterThan(40);
  expect(paths.filter((path) => !existsSync(path))).toEqual([]);
});

/** Common words, which do not identify a threat. */
const common = new Set(
  'after again another before being cannot every first never other others their there these those what when where which whole with without'
    .split(' ')
    .map(stem),
);

function stem(word: string): string {
  return word.toLowerCase().slice(0, 5);
}

const stemsOf = (prose: string) => new Set((prose.match(/[A-Za-z_]{4,}/g) ?? []).map(stem).filter((one) => !common.has(one)));

/**
 * The words of a test file: its header, the titles of its tests, and the names of their cases; and the number of tests.
 */
function proseOf(path: string): { tests: number; prose: string } {
  const source = readFileSync(path, 'utf8');
  const head = source.match(/^\/\/.*$/gm)?.slice(0, 4) ?? [];
  const strings = [...source.matchAll(/(['"`])((?:\\.|(?!\1)[^\n])*)\1/g)].map((match) => match[2] ?? '');
  return {
    tests: source.match(/\b(it|withPage)(\.\w+)*[.(<]/g)?.length ?? 0,
    prose: [...head, ...strings.filter((one) => !one.includes('/src/'))].join(' '),
  };
}

const shown = rows.flatMap(([threat = '', defence = '', by = '']) =>
  [...by.matchAll(/`(test\/[^`]+)`/g)].map(([, path = '']) => ({ path, threat: threat.trim(), defence })),
);

it.each(shown)('$path has a test that names the threat: $threat', ({ path, threat, defence }) => {
  const { tests, prose } = proseOf(path);
  expect(tests).toBeGreaterThan(0);
  const said = stemsOf(prose);
  const named = [...stemsOf(`${threat} ${defence}`)].filter((one) => said.has(one));
  expect(named.length, `words of the threat or its defence in the file: ${named}`).toBeGreaterThanOrEqual(2);
});
