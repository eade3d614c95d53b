// SECURITY.md names, for each threat, the tests that show its defence: they are there.
import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const text = readFileSync('SECURITY.md', 'utf8');
const [, threats = ''] = /^## Threats$(.*?)^## /ms.exec(text) ?? [];
const rows = threats
  .split('\n')
  .filter((line) => /^\| (?!threat |---)/.test(line))
  .map((line) => line.split('|').slice(1, -1));

it('every row of the threat model has a threat, a defence and what shows it', () => {
  expect(rows.length).toBeGreaterThan(40);
  for (const row of rows) {
    expect(row, row[0]).toHaveLength(3);
    for (const cell of row) expect(cell.trim(), row[0]).not.toBe('');
    expect(row[2], row[0]).toMatch(/`(test|bin)\/[\w-]/);
  }
});

it('every path it names exists, and nothing is left to be filled in', () => {
  expect(text).not.toMatch(/(test|bin)\/…|<!--/);
  const paths = [...text.matchAll(/`((?:test|src|docs|bin|bench)\/[^`*…]+)`/g)].map(([, path = '']) => path);
  expect(paths.length).toBeGreaterThan(40);
  expect(paths.filter((path) => !existsSync(path))).toEqual([]);
});
