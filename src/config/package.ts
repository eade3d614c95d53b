// Finds the package's root folder and version, from `src/` as well as from `dist/src/`.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

function findRoot(from: string): string {
  return existsSync(join(from, 'migrations')) ? from : findRoot(dirname(from));
}

const packageRoot = findRoot(import.meta.dirname);

export const migrationsFolder = join(packageRoot, 'migrations');
export const version = (JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }).version;
