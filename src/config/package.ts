// Finds the package's root folder and version, from `src/` as well as from `dist/src/`.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

function findRoot(from: string): string {
  return existsSync(join(from, 'migrations')) ? from : findRoot(dirname(from));
}

export const packageRoot = findRoot(import.meta.dirname);
const versionIn = (file: string) => (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;

export const migrationsFolder = join(packageRoot, 'migrations');
export const version = versionIn(join(packageRoot, 'package.json'));

/** What this process runs, for its metrics. */
export const build = {
  version,
  node: process.versions.node,
  temporalSdk: versionIn(createRequire(import.meta.url).resolve('@temporalio/worker/package.json')),
};
