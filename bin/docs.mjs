// `npm run docs`: builds the documentation site from docs/ to dist/docs, unless nothing has changed since the last build.
// Several may be started at the same time: one builds, the others wait for it.
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hashFiles, isFresh, markFresh } from './fresh.mjs';
import { withLock } from './lock.mjs';
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
  return withLock(lock, async () => {
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
  });
}

/** Removes a site that is not up to date: the next reader has it built. Returns 0, the exit code of this step. */
export function dropOldDocs() {
  if (existsSync(site) && !isFresh(marker, hash())) rmSync(site, { recursive: true, force: true });
  return 0;
}

if (process.argv[1] === file) process.exitCode = await buildDocs();
