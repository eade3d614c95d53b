// Builds the dashboard and the portal from web/ to dist/web, unless nothing has changed since the last build.
// Several may be started at the same time: one builds, the others wait for it.
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hashFiles, isFresh, markFresh } from './fresh.mjs';
import { withLock } from './lock.mjs';
import { runWatched } from './run-watched.mjs';

const file = fileURLToPath(import.meta.url);
const root = dirname(dirname(file));
const node = join(root, 'node_modules/.bin/node');
const marker = join(root, 'dist/.web-hash');
const doors = ['dashboard', 'portal'];
const sources = ['web', 'packages/client/src', 'packages/portal/src/protocol.ts', 'bin/web.mjs', 'package-lock.json'];

/** Returns the exit code of the first step that failed, or 0. */
export async function buildWeb() {
  const hash = hashFiles(root, sources);
  if (isBuilt(hash)) return 0;
  mkdirSync(join(root, 'dist'), { recursive: true });
  return withLock(join(root, 'dist/.web-lock'), async () => {
    if (isBuilt(hash)) return 0;
    process.stdout.write('building dashboard and portal …\n');
    for (const door of doors) {
      const vite = [join(root, 'node_modules/vite/bin/vite.js'), 'build', '--config', join(root, 'web/vite.config.ts')];
      // whatever the caller is: a page built for tests would be twice as large
      const env = { ...process.env, NODE_ENV: 'production' };
      const code = await runWatched(node, [...vite, '--mode', door, '--logLevel', 'warn'], env);
      if (code !== 0) return code;
    }
    markFresh(marker, hash);
    return 0;
  });
}

function isBuilt(hash) {
  return isFresh(marker, hash) && doors.every((door) => existsSync(join(root, 'dist/web', door, `${door}.html`)));
}

if (process.argv[1] === file) process.exitCode = await buildWeb();
