// `npm run build`: compiles src to dist, bundles the workflows, and builds dashboard and portal. Does nothing if the sources have
// not changed since the last build.
import { mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hashFiles, isFresh, markFresh } from './fresh.mjs';
import { runWatched } from './run-watched.mjs';
import { buildWeb } from './web.mjs';

const file = fileURLToPath(import.meta.url);
const root = dirname(dirname(file));
const node = join(root, 'node_modules/.bin/node');
const sources = [
  'src',
  'packages/client/src',
  'packages/client/tsconfig.json',
  'packages/portal/src',
  'packages/portal/tsconfig.json',
  'packages/receiver/src',
  'packages/receiver/tsconfig.json',
  'migrations',
  'bin/build.mjs',
  'tsconfig.json',
  'tsconfig.build.json',
  'package-lock.json',
];

/** Built by bin/docs.mjs and bin/web.mjs. */
const ofOthers = ['docs', 'docs-draft', '.docs-hash', '.docs-lock', 'web', '.web-hash', '.web-lock'];

/** Returns the exit code of the first step that failed, or 0. */
export async function build() {
  return (await buildServer()) || buildWeb();
}

async function buildServer() {
  const marker = join(root, 'dist/.build-hash');
  const hash = hashFiles(root, sources);
  if (isFresh(marker, hash)) {
    // so that bin/posthorn.js knows that it was looked at
    utimesSync(marker, new Date(), new Date());
    return 0;
  }
  process.stdout.write('building …\n');
  mkdirSync(join(root, 'dist'), { recursive: true });
  for (const name of readdirSync(join(root, 'dist')).filter((name) => !ofOthers.includes(name)))
    rmSync(join(root, 'dist', name), { recursive: true, force: true });
  // `#…` imports resolve to src in a clone (package.json), and to the compiled files in dist
  const receiver = './packages/receiver/src';
  const imports = {
    '#client': './packages/client/src/index.js',
    '#receiver': `${receiver}/index.js`,
    '#receiver/*': `${receiver}/*.js`,
    '#*': './src/*.js',
  };
  writeFileSync(join(root, 'dist/package.json'), JSON.stringify({ type: 'module', imports }));
  const steps = [
    [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'tsconfig.build.json')],
    [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'packages/client')],
    [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'packages/portal')],
    [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'packages/receiver')],
    // one bundle for runs from the sources, one for runs from dist
    [join(root, 'src/app/workflow-bundle.ts')],
    [join(root, 'dist/src/app/workflow-bundle.js')],
  ];
  for (const step of steps) {
    const code = await runWatched(node, step);
    if (code !== 0) return code;
  }
  markFresh(marker, hash);
  return 0;
}

if (process.argv[1] === file) process.exitCode = await build();
