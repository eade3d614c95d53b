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

if (major > 22 || (major === 22 && minor >= 18)) {
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
