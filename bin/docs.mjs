// `npm run docs`: builds the documentation site from docs/ to dist/docs, unless nothing has changed since the last build.
// Several may be started at the same time: one builds, the others wait for it.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { hashFiles, isFresh, markFresh } from './fresh.mjs';
import { runWatched } from './run-watched.mjs';

const file = fileURLToPath(import.meta.url);
const root = dirname(dirname(file));
const node = join(root, 'node_modules/.bin/node');
const site = join(root, 'dist/docs');
const draft = join(root, 'dist/docs-draft');
const marker = join(root, 'dist/.docs-hash');
const lock = join(root, 'dist/.docs-lock');
// src: the reference is generated from it
const sources = ['docs', 'src', 'bin/docs.mjs', 'README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'package-lock.json'];
const generated = ['docs/reference/api', 'docs/reference/cli.md', 'docs/reference/errors.md', 'docs/.vitepress/.temp'];

const hash = () => hashFiles(root, sources, generated);

/** Returns the exit code of the first step that failed, or 0. */
export async function buildDocs() {
  mkdirSync(dirname(lock), { recursive: true });
  await takeLock();
  try {
    const wanted = hash();
    if (isFresh(marker, wanted) && existsSync(join(site, 'index.html'))) return 0;
    process.stdout.write('building the documentation …\n');
    rmSync(draft, { recursive: true, force: true });
    const steps = [
      [join(root, 'docs/.vitepress/reference/main.ts')],
      [join(root, 'node_modules/vitepress/bin/vitepress.js'), 'build', join(root, 'docs'), '--outDir', draft],
    ];
    for (const step of steps) {
      const code = await runWatched(node, step);
      if (code !== 0) return code;
    }
    rmSync(site, { recursive: true, force: true });
    renameSync(draft, site);
    markFresh(marker, wanted);
    return 0;
  } finally {
    rmSync(lock, { force: true });
  }
}

/** Removes a site that is not up to date: the next reader has it built. Returns 0, the exit code of this step. */
export function dropOldDocs() {
  if (existsSync(site) && !isFresh(marker, hash())) rmSync(site, { recursive: true, force: true });
  return 0;
}

/** The lock is a file with the id of the process that has it. That of a dead process counts for nothing. */
async function takeLock() {
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (!isHeld()) rmSync(lock, { force: true });
    else await delay(200);
  }
}

function isHeld() {
  try {
    process.kill(Number(readFileSync(lock, 'utf8')), 0);
    return true;
  } catch (error) {
    // gone in the meantime: try to take it
    return error.code === 'EPERM' || error.code === 'ENOENT';
  }
}

if (process.argv[1] === file) process.exitCode = await buildDocs();
