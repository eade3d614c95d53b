#!/usr/bin/env node
// The `posthorn` command: runs the build, or the sources in a clone without a build.
// If this Node is too old, it uses the installed Node package.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const built = join(root, 'dist/src/cli/main.js');
const main = existsSync(built) ? built : join(root, 'src/cli/main.ts');
const own = join(root, 'node_modules/.bin/node');
const [major, minor] = process.versions.node.split('.').map(Number);
const [command] = process.argv.slice(2);

/**
 * Restarts a command that runs long with less memory for garbage: in a burst this Node would let its young heap grow to 128
 * MiB, and the C library keeps up to 16 heaps. The process keeps its id. Whoever sets these values keeps theirs.
 */
function continueInLessMemory() {
  const isSet = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].some((option) => option.includes('semi-space-size'));
  const semiSpace = isSet ? [] : ['--max-semi-space-size=8', '--max-old-space-size=1536'];
  const env = { MALLOC_ARENA_MAX: '2', ...process.env };
  try {
    process.execve(process.execPath, [process.execPath, ...process.execArgv, ...semiSpace, main, ...process.argv.slice(2)], env);
  } catch {
    // this Node cannot, or not on this system: it runs with more memory
  }
}

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
