#!/usr/bin/env node
// The `posthorn` command: runs the build, or the sources in a clone without a build.
// If this Node is too old, it uses the installed Node package.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { getHeapStatistics } from 'node:v8';
import { isBuildStale } from './stale-build.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [command] = process.argv.slice(2);
const built = join(root, 'dist/src/cli/main.js');
const main = existsSync(built) ? built : join(root, 'src/cli/main.ts');
const own = join(root, 'node_modules/.bin/node');
const [major, minor] = process.versions.node.split('.').map(Number);

/** Young and old heap, in MiB. */
const heaps = { 'max-semi-space-size': 8, 'max-old-space-size': 1536 };

/**
 * Restarts a command that runs long with less memory for garbage, as the same process. On a large machine V8 would let the
 * young heap grow to 128 MiB, and the old one to several times of what is alive, and the C library would keep up to 16 heaps.
 * Values that are set stay, and so does a lower limit that V8 has in a small container.
 */
function continueInLessMemory() {
  const isSet = (name) => [...process.execArgv, process.env.NODE_OPTIONS ?? ''].some((option) => option.includes(name));
  const isLarge = getHeapStatistics().heap_size_limit > heaps['max-old-space-size'] * 2 ** 20;
  const names = Object.keys(heaps).filter((name) => !isSet(name) && (isLarge || name !== 'max-old-space-size'));
  const options = names.map((name) => `--${name}=${heaps[name]}`);
  if (options.length === 0 && process.env.MALLOC_ARENA_MAX) return;
  const env = { MALLOC_ARENA_MAX: '2', ...process.env };
  try {
    process.execve(process.execPath, [process.execPath, ...process.execArgv, ...options, main, ...process.argv.slice(2)], env);
  } catch {
    // this Node cannot, or not on this system: it runs with more memory
  }
}

// with --json, standard error is one document
if (main === built && !process.argv.includes('--json') && isBuildStale(root))
  process.stderr.write('The sources have changed since the build: run `npm run build`.\n');

if (major > 22 || (major === 22 && minor >= 18)) {
  if (['start', 'server', 'worker'].includes(command)) continueInLessMemory();
  // the program sees its own path in argv
  process.argv[1] = main;
  await import(pathToFileURL(main).href);
} else if (existsSync(own)) {
  const { runWatched } = await import('./run-watched.mjs');
  process.exitCode = await runWatched(own, [main, ...process.argv.slice(2)]);
} else {
  process.stderr.write(`Posthorn needs Node 22.18 or later. This is Node ${process.versions.node}.\n`);
  process.exitCode = 1;
}
