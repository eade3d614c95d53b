// Checks whether an output is up to date, by a hash of its input files that is stored beside it.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Hashes the names and contents of files and folders. Missing ones count as empty, and those in `except` as missing. */
export function hashFiles(root, names, except = []) {
  const hash = createHash('sha256');
  const add = (name) => {
    const path = join(root, name);
    if (!existsSync(path) || except.includes(name)) return;
    if (statSync(path).isDirectory()) {
      for (const entry of readdirSync(path).sort()) if (entry !== 'node_modules') add(join(name, entry));
      return;
    }
    const content = readFileSync(path);
    hash.update(`${name}\0${content.length}\0`).update(content);
  };
  for (const name of names) add(name);
  return hash.digest('hex');
}

export const hashText = (text) => createHash('sha256').update(text).digest('hex');

export const isFresh = (marker, hash) => existsSync(marker) && readFileSync(marker, 'utf8') === hash;

export const markFresh = (marker, hash) => writeFileSync(marker, hash);
