// A Posthorn on an empty folder, as `npm start` starts it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '#embedded/free-port';
import { until } from '../../test/support/until.ts';

const main = join(import.meta.dirname, '../../src/cli/main.ts');
const patienceMs = 300_000;

export interface Installation {
  origin: string;
  key: string;
  stop(): Promise<void>;
}

export async function startInstallation(): Promise<Installation> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-screenshots-'));
  const [port, key] = [await freePort(), 'key-of-the-screenshots-0123'];
  const child = spawn(process.execPath, [main, 'start'], {
    env: {
      ...{ PATH: process.env.PATH, HOME: process.env.HOME, XDG_CACHE_HOME: process.env.XDG_CACHE_HOME, LOG_LEVEL: 'error' },
      ...{ PORT: String(port), TEMPORAL_PORT: '0', TEMPORAL_UI_PORT: '0' },
      ...{ POSTHORN_DATA_DIR: folder, POSTHORN_API_KEY: key, POSTHORN_ALLOW_CIDRS: '127.0.0.0/8' },
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const origin = `http://127.0.0.1:${port}`;
  const isReady = async () => {
    const answer = await fetch(`${origin}/readyz`).catch(() => null);
    return answer?.ok && ((await answer.json()) as { status: string }).status === 'ok';
  };
  await until('Posthorn', isReady, patienceMs);
  return {
    origin,
    key,
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
