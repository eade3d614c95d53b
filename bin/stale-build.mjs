// Whether a clone was changed since it was built, such as by `git pull`. Called by each command, so it only looks at the times of
// folders: git writes a changed file as a new one, which changes the time of its folder.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const sources = ['src', 'packages/client/src', 'packages/receiver/src', 'migrations'];

/** Also false outside of a clone, where nobody can build. */
export function isBuildStale(root) {
  if (!existsSync(join(root, '.git'))) return false;
  const builtAt = statSync(join(root, 'dist/.build-hash'), { throwIfNoEntry: false })?.mtimeMs;
  return builtAt !== undefined && sources.some((folder) => isNewer(join(root, folder), builtAt));
}

function isNewer(folder, builtAt) {
  if ((statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? 0) > builtAt) return true;
  if (!existsSync(folder)) return false;
  return readdirSync(folder, { withFileTypes: true }).some((one) => one.isDirectory() && isNewer(join(folder, one.name), builtAt));
}
