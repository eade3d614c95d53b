// Plain words: what users and engineers read uses the terms of docs/glossary.md and none of the
// words below.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** Each with what to write instead. */
const banned: [pattern: RegExp, instead: string][] = [
  [/\blest\b/i, 'so that … not'],
  [/\banew\b/i, 'again'],
  [/\bwhereof\b|\bthereof\b|\bwherein\b/i, 'of which, in which'],
  [/\bnot known here\b/i, 'unknown field'],
  [/\bsaid twice\b/i, 'duplicate key'],
  [/\bmust lie (ahead|behind)\b/i, 'must be in the future'],
  [/\bfault of ours\b|\bour own fault\b/i, 'internal error'],
  [/\bwhoever\b/i, 'the process that …'],
  [/\b(asked|asks) for peace\b|\bpeaceMs\b/i, 'Retry-After'],
  [/\bturned away\b/i, 'got no slot'],
  [/\bat hand\b/i, 'available'],
  [/\bmakes? an end\b/i, 'ends'],
];

const sources = (folder: string, extension: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(extension))
    .map((name) => `${folder}/${name}`);
const documents = ['README.md', 'SECURITY.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...sources('docs', '.md')].filter(
  (file) => file !== 'docs/glossary.md',
);

function findIn(file: string): string[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.flatMap((line, index) =>
    banned.flatMap(([pattern, instead]) => (pattern.test(line) ? [`${file}:${index + 1} ${pattern} -> ${instead}`] : [])),
  );
}

describe('plain words', () => {
  it.each(documents)('%s', (file) => {
    expect(findIn(file)).toEqual([]);
  });

  it('sources and tests', () => {
    const files = [...sources('migrations', '.sql'), ...['src', 'bench', 'test'].flatMap((folder) => sources(folder, '.ts'))];
    expect(files.length).toBeGreaterThan(500);
    expect(files.filter((file) => file !== 'test/docs/words.test.ts').flatMap(findIn)).toEqual([]);
  });
});
