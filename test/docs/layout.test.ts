// CONTRIBUTING.md names each folder of the sources, so that a newcomer finds what is where.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const [, layout = ''] = /^## Layout$(.*?)^## /ms.exec(readFileSync('CONTRIBUTING.md', 'utf8')) ?? [];
const foldersIn = (folder: string) =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

it('names all folders of src, and packages', () => {
  const paths = ['src', 'packages'].flatMap((folder) => foldersIn(folder).map((name) => `${folder}/${name}`));
  expect(paths.length).toBeGreaterThan(30);
  expect(paths.filter((path) => !layout.includes(`\`${path}\``))).toEqual([]);
});

it.each(['src/domain', 'src/db', 'src/cli'])('names the rooms of %s', (folder) => {
  const [row = ''] = layout.split('\n').filter((line) => line.startsWith(`| \`${folder}\``));
  expect(foldersIn(folder).filter((name) => !row.includes(`\`${name}\``))).toEqual([]);
});

it('names no folder that is gone', () => {
  const named = [...layout.matchAll(/`((?:src|packages)\/[\w/-]+)`/g)].map(([, path = '']) => path);
  const there = ['src', 'packages'].flatMap((folder) => foldersIn(folder).map((name) => `${folder}/${name}`));
  expect(named.filter((path) => !there.includes(path))).toEqual([]);
});
