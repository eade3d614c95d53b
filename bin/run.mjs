// `npm start`, `npm run dev`, `npm test` and others: installs missing dependencies, then runs the task
// with Node 24. Plain JavaScript, so that any Node from 18 on can run it.
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';
import { buildDocs, dropOldDocs } from './docs.mjs';
import { hashText, isFresh, markFresh } from './fresh.mjs';
import { runWatched } from './run-watched.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const node = join(root, 'node_modules/.bin/node');
const installed = (file) => join(root, 'node_modules', file);

async function install() {
  const { dependencies, devDependencies, optionalDependencies, overrides } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
  const hash = hashText(JSON.stringify([dependencies, devDependencies, optionalDependencies, overrides, lock]));
  const marker = installed('.posthorn-installed');
  if (isFresh(marker, hash)) return 0;
  say('installing dependencies, including Node 24 and PostgreSQL. This may take a minute …');
  // not `ci`, which refuses a lock file without the optional packages of other systems. This uses the locked versions
  // and does not write the file.
  const code = await runNpm([
    'install',
    '--no-save',
    '--ignore-scripts=false',
    '--include=dev',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]);
  if (code === 0) markFresh(marker, hash);
  return code;
}

// npm_execpath is the path of npm, if npm has started us
function runNpm(args) {
  const npm = process.env.npm_execpath;
  return npm?.endsWith('.js') ? runWatched(process.execPath, [npm, ...args]) : runWatched('npm', args);
}

// what TypeScript remembers of its last run in this folder: the next one is several times faster
const lastTypes = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), `posthorn/types-${hashText(root).slice(0, 12)}.json`);
const checks = [
  [installed('@biomejs/biome/bin/biome'), 'ci', '.'],
  [installed('typescript/bin/tsc'), '--noEmit', '--incremental', '--tsBuildInfoFile', lastTypes],
  // dashboard and portal have addresses of their own, so their types are checked one by one
  [installed('typescript/bin/tsc'), '-p', join(root, 'web/tsconfig.json')],
  [installed('typescript/bin/tsc'), '-p', join(root, 'web/tsconfig.portal.json')],
  // for browsers
  [installed('typescript/bin/tsc'), '-p', join(root, 'packages/portal'), '--noEmit'],
  [installed('knip/bin/knip.js')],
];

/** Runs programs side by side. Returns the first exit code that is not 0. */
async function all(programs) {
  const codes = await Promise.all(programs.map((program) => runWatched(node, program)));
  return codes.find((code) => code !== 0) ?? 0;
}

/** `onServer`: which tests run on Temporal's server for production, see `test/support/temporal-server/short-form.ts`. */
function vitest(onServer, args) {
  if (onServer !== undefined) process.env.TEST_TEMPORAL_SERVER = onServer;
  return runWatched(node, [installed('vitest/vitest.mjs'), 'run', ...args]);
}

const tasks = {
  start: (args) => [
    ['', () => build()],
    ['', dropOldDocs],
    ['', () => runWatched(node, [join(root, 'bin/posthorn.js'), 'start', ...args])],
  ],
  dev: (args) => [['', () => runWatched(node, [join(root, 'bin/dev.ts'), ...args])]],
  screenshots: (args) => [
    ['', () => build()],
    ['screenshots', () => runWatched(node, [join(root, 'bench/screenshots.ts'), ...args])],
  ],
  test: (args) => [...tasks.check(), ['build', () => build()], ['tests', () => vitest(args.length === 0 ? 'short' : undefined, args)]],
  'test:temporal-server': (args) => [
    ["Temporal's server for production", () => runWatched(node, [join(root, 'test/support/build-temporal-server-main.ts')])],
    ['tests on it', () => vitest(args.length === 0 ? 'short' : 'all', ['--project', 'temporal-server', ...args])],
  ],
  docs: () => [['', () => buildDocs()]],
  check: () => [['format, lint, types, unused code and packages', () => all(checks)]],
  chaos: (args) => [['', () => runWatched(node, [join(root, 'bin/chaos.mjs'), ...args])]],
  fuzz: (args) => [['', () => runWatched(node, [join(root, 'bin/fuzz.mjs'), ...args])]],
};

function say(text) {
  process.stdout.write(`${text}\n`);
}

async function run(name, args) {
  if (!(name in tasks)) {
    say(`Usage: run.mjs ${Object.keys(tasks).join('|')}`);
    return 2;
  }
  process.chdir(root);
  for (const [heading, step] of [['', install], ...tasks[name](args)]) {
    if (heading !== '') say(`\n== ${heading}`);
    const code = await step();
    if (code !== 0) return code;
  }
  return 0;
}

process.exitCode = await run(process.argv[2], process.argv.slice(3));
