// Imports in `src`: each folder imports only what `allowed-imports.ts` allows, and there are no
// import cycles.
import { describe, expect, it } from 'vitest';
import { allowedImports, roots } from './allowed-imports.ts';
import { cyclesIn, folderOf, type Import, importsOf, sourceFiles } from './imports.ts';

const imports = sourceFiles.flatMap((file) => importsOf(file));

const wordsOf = (allowed: string) => allowed.replaceAll('types of ', 'types-of-').split(' ').filter(Boolean);

/** Expands `db/*` to db and all its subfolders. */
const names = (word: string, name: string) => word === name || (word.endsWith('/*') && `${name}/`.startsWith(word.slice(0, -1)));

/** Parses a rule: `a b types of c` allows a and b, and only types of c. */
function permits(allowed: string, name: string, typeOnly: boolean): boolean {
  return wordsOf(allowed).some((word) => names(word, name) || (typeOnly && names(word.replace(/^types-of-/, ''), name)));
}

function isAllowed({ from, to, typeOnly }: Import): boolean {
  const folder = folderOf(from);
  const isInSrc = to.startsWith('src/');
  if (folder in roots) return !isInSrc || !(roots[folder] ?? '').split(' ').includes(folderOf(to));
  const { folders, packages } = allowedImports[folder] ?? { folders: '', packages: '' };
  if (isInSrc) return folderOf(to) === folder || permits(folders, folderOf(to), typeOnly);
  return permits(packages, to, typeOnly);
}

function graphOf(nodeOf: (file: string) => string): Map<string, Set<string>> {
  const edges = new Map<string, Set<string>>();
  for (const { from, to } of imports) {
    if (!to.startsWith('src/') || nodeOf(from) === nodeOf(to)) continue;
    edges.set(nodeOf(from), (edges.get(nodeOf(from)) ?? new Set()).add(nodeOf(to)));
  }
  return edges;
}

describe('imports in src', () => {
  it('are only in folders that the table lists', () => {
    expect(sourceFiles.length).toBeGreaterThan(200);
    const folderNames = new Set(sourceFiles.map(folderOf));
    expect([...folderNames].sort()).toEqual([...Object.keys(allowedImports), ...Object.keys(roots)].sort());
  });

  it('are all allowed by the table', () => {
    expect(imports.length).toBeGreaterThan(1_000);
    expect(imports.filter((one) => !isAllowed(one)).map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });

  it('form no cycle of files or folders', () => {
    expect(cyclesIn(graphOf((file) => file))).toEqual([]);
    expect(cyclesIn(graphOf(folderOf))).toEqual([]);
  });

  it('use every import that the table allows', () => {
    const isUsed = (folder: string, word: string) =>
      imports.some(
        ({ from, to }) => folderOf(from) === folder && names(word.replace(/^types-of-/, ''), to.startsWith('src/') ? folderOf(to) : to),
      );
    const unused = Object.entries(allowedImports).flatMap(([folder, { folders, packages }]) =>
      [...wordsOf(folders), ...wordsOf(packages)].filter((word) => !isUsed(folder, word)).map((word) => `${folder} -> ${word}`),
    );
    expect(unused).toEqual([]);
  });
});

describe('the check', () => {
  it('finds a forbidden import, a forbidden package, and a value import where only types are allowed', () => {
    const given = importsOf(
      'src/workflows/x.ts',
      "import { a } from '#db/store/pool';\nimport fs from 'node:fs';\nimport { b } from '#activities/index';\nimport type { c } from '#activities/index';",
    );
    expect(given.map(isAllowed)).toEqual([false, false, false, true]);
  });

  it('finds an import cycle', () => {
    const edges = new Map(Object.entries({ a: new Set(['b']), b: new Set(['c']), c: new Set(['a', 'd']), d: new Set<string>() }));
    expect(cyclesIn(edges).map((cycle) => cycle.sort())).toEqual([['a', 'b', 'c']]);
  });
});
