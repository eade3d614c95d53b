// How much JavaScript a browser loads before it shows the first page. Compressed with brotli, as the server sends it.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

interface Chunk {
  file: string;
  isEntry?: boolean;
  imports?: string[];
}

/** The entry, the chunk of the first page, and all that these import. */
function firstLoad(door: string, firstPage: RegExp): { files: string[]; kib: number } {
  const folder = join('dist/web', door);
  const manifest = new Map(Object.entries(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Record<string, Chunk>));
  const files = new Set<string>();
  const add = (name: string) => {
    const chunk = manifest.get(name);
    if (!chunk || files.has(chunk.file)) return;
    files.add(chunk.file);
    for (const imported of chunk.imports ?? []) add(imported);
  };
  const first = [...manifest].filter(([name, { isEntry }]) => isEntry || firstPage.test(name)).map(([name]) => name);
  expect(first.length).toBe(2);
  for (const name of first) add(name);
  const scripts = [...files].filter((file) => file.endsWith('.js'));
  return { files: scripts, kib: scripts.reduce((sum, file) => sum + statSync(join(folder, `${file}.br`)).size, 0) / 1_024 };
}

it.each([
  ['dashboard', /dashboard\/overview\/Overview\.tsx$/, 200],
  ['portal', /portal\/endpoints\/Endpoints\.tsx$/, 150],
] as const)('the %s loads little', (door, firstPage, most) => {
  const { files, kib } = firstLoad(door, firstPage);
  expect(files.length).toBeGreaterThan(1);
  expect(kib).toBeLessThan(most);
  process.stdout.write(`first load of the ${door}: ${kib.toFixed(1)} KiB\n`);
});
