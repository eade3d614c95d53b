// A clone that was changed since its build: commands say so.
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

it('is found by the times of its folders', async () => {
  // plain JavaScript without types: it also runs on a Node that is too old
  const { isBuildStale } = await import('../../bin/stale-build.mjs' as string);
  const root = mkdtempSync(join(tmpdir(), 'posthorn-clone-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const folder of ['src/cli', 'dist', 'migrations']) mkdirSync(join(root, folder), { recursive: true });
  const at = (path: string, seconds: number) => utimesSync(join(root, path), seconds, seconds);
  for (const folder of ['src', 'src/cli', 'migrations']) at(folder, 1_000);
  expect(isBuildStale(root)).toBe(false);
  writeFileSync(join(root, 'dist/.build-hash'), '');
  at('dist/.build-hash', 2_000);
  at('src/cli', 3_000);
  expect(isBuildStale(root)).toBe(false);
  mkdirSync(join(root, '.git'));
  expect(isBuildStale(root)).toBe(true);
  at('dist/.build-hash', 4_000);
  expect(isBuildStale(root)).toBe(false);
});
