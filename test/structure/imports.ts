// Reads the imports of all files in `src` and `web/src`, and finds cycles.
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { parseSync } from 'oxc-parser';

export interface Import {
  /** The importing file, such as `src/db/store/pool.ts`. */
  from: string;
  /** A file of `src`, or the name of a package or Node module. */
  to: string;
  typeOnly: boolean;
}

export const sourceFiles = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => `src/${name}`)
  .sort();

/** Of dashboard and portal. */
export const webFiles = readdirSync('web/src', { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name))
  .map((name) => `web/src/${name}`)
  .sort();

export function importsOf(file: string, text = readFileSync(file, 'utf8')): Import[] {
  const { staticImports, staticExports } = parseSync(file, text).module;
  const imports = staticImports.map(({ moduleRequest, entries }) => ({
    specifier: moduleRequest.value,
    typeOnly: entries.length > 0 && entries.every(({ isType }) => isType),
  }));
  const reexports = staticExports
    .flatMap(({ entries }) => entries)
    .flatMap(({ moduleRequest, isType }) => (moduleRequest ? [{ specifier: moduleRequest.value, typeOnly: isType }] : []));
  return [...imports, ...reexports].map(({ specifier, typeOnly }) => ({ from: file, to: resolve(file, specifier), typeOnly }));
}

function resolve(file: string, specifier: string): string {
  // the packages of this repository, from their sources
  if (specifier === '#client') return specifier;
  if (specifier === '#receiver' || specifier.startsWith('#receiver/')) return '#receiver';
  if (specifier.startsWith('#')) return `src/${specifier.slice(1)}.ts`;
  if (specifier.startsWith('.')) return posix.normalize(posix.join(posix.dirname(file), specifier));
  const parts = specifier.split('/');
  return specifier.startsWith('node:') ? specifier : parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}

/** The folder of a file below `src`; for `db` and `api` the subfolder. */
export function folderOf(file: string): string {
  return posix.dirname(file).slice('src/'.length);
}

/** Cycles: groups of two or more nodes that reach each other (Tarjan's strongly connected components). */
export function cyclesIn(edges: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];

  function visit(node: string): number {
    const at = index.size;
    index.set(node, at);
    let lowest = at;
    stack.push(node);
    for (const next of edges.get(node) ?? []) {
      if (!index.has(next)) lowest = Math.min(lowest, visit(next));
      else if (stack.includes(next)) lowest = Math.min(lowest, index.get(next) ?? lowest);
    }
    low.set(node, lowest);
    if (lowest === at) {
      const cycle = stack.splice(stack.indexOf(node));
      if (cycle.length > 1) found.push(cycle);
    }
    return lowest;
  }

  for (const node of edges.keys()) if (!index.has(node)) visit(node);
  return found;
}
