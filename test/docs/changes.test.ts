// docs/contributing/changes.md leads to the right place: its files exist, its names are in these
// files, its diffs apply to lines that are there, and its commands run existing tests.
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const text = readFileSync('docs/contributing/changes.md', 'utf8');
const sections = text.split(/^## /m).slice(1);
const prose = text.replaceAll(/\s*\n\s*/g, ' ');
const textOf = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : '');

const pathsIn = (given: string) =>
  [...given.matchAll(/(?<![\w.]|\w\/)(?:src|test|docs|bin|bench|migrations)\/[\w./-]*\w/g)].map(([path]) => path);

describe('docs/contributing/changes.md', () => {
  it('names only files that exist, also in its commands', () => {
    const paths = pathsIn(text);
    expect(paths.length).toBeGreaterThan(80);
    expect(paths.filter((path) => !existsSync(path))).toEqual([]);
  });

  it('leads on to a page about debugging, which names only files that exist, as do the configurations of VS Code', () => {
    const paths = ['docs/contributing/debugging.md', '.vscode/launch.json'].flatMap((file) => pathsIn(readFileSync(file, 'utf8')));
    expect(paths).toEqual(expect.arrayContaining(['bin/dev.ts', 'bench/replay-history.ts']));
    expect(paths.filter((path) => !existsSync(path))).toEqual([]);
  });

  it('names only symbols that are in their files', () => {
    const named = [...prose.matchAll(/`(\w+)`(?: and `(\w+)`)? (?:in|is in) `(src\/[^`]+\.ts)`/g)];
    const pairs = named.flatMap(([, one = '', other, file = '']) => [one, other ?? one].map((symbol) => ({ symbol, file })));
    expect(new Set(pairs.map(({ symbol }) => symbol)).size).toBeGreaterThan(25);
    expect(pairs.filter(({ symbol, file }) => !new RegExp(`\\b${symbol}\\b`).test(textOf(file)))).toEqual([]);
  });

  it('has diffs whose unchanged and removed lines are in their files', () => {
    const diffs = [...text.matchAll(/^```diff\n\+\+\+ (\S+)\n(.*?)^```$/gms)];
    expect(diffs.length).toBeGreaterThan(5);
    for (const [, file = '', lines = ''] of diffs) {
      const old = lines.split('\n').filter((line) => /^[ -]/.test(line));
      for (const line of old) expect(textOf(file).split('\n'), file).toContain(line.slice(1));
    }
  });

  it('says for each of its changes where, and what checks it', () => {
    expect(sections.length).toBeGreaterThanOrEqual(20);
    for (const section of sections) {
      const [heading = ''] = section.split('\n');
      expect(section, heading).toMatch(/^- \*\*Where:\*\* /m);
      expect(section, heading).toMatch(/^- \*\*Check:\*\* /m);
      expect(prose, heading).toContain(
        `(#${heading
          .toLowerCase()
          .replaceAll(/[^\w -]/g, '')
          .replaceAll(' ', '-')})`,
      );
    }
  });
});
