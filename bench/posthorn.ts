// One process of Posthorn under load: the normal command with the settings of the bench.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { superviseProcess } from '#embedded/supervised-process';
import type { Stores } from './stores.ts';

export const benchKey = 'bench-key-0123456789abcdef';
// the same every time, because an external store remembers the master key it was created with
const { POSTHORN_MASTER_KEY = Buffer.alloc(32, 'posthorn bench').toString('base64') } = process.env;
export const masterKeys = () => POSTHORN_MASTER_KEY.split(',');

/** The environment of a Posthorn on these stores. */
export function environmentOf(
  { databaseUrl, temporalAddress }: Pick<Stores, 'databaseUrl' | 'temporalAddress'>,
  port: number,
  more: Record<string, string> = {},
): Record<string, string> {
  return {
    ...(process.env as Record<string, string>),
    HOST: '127.0.0.1',
    PORT: String(port),
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: temporalAddress,
    POSTHORN_API_KEY: benchKey,
    POSTHORN_MASTER_KEY,
    POSTHORN_ALLOW_CIDRS: '127.0.0.0/8',
    LOG_LEVEL: 'warn',
    ...more,
  };
}

const startsWithinMs = 60_000;
const program = join(import.meta.dirname, '../bin/posthorn.js');

let isBuilt = false;

/** As it is run in production. Once; without it, an older build would be measured. */
export function build(): void {
  if (!isBuilt) execFileSync(process.execPath, [join(import.meta.dirname, '../bin/build.mjs')], { stdio: 'inherit' });
  isBuilt = true;
}

export type Role = 'start' | 'server' | 'worker';

export interface PosthornProcess {
  pid: number;
  role: Role;
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** Resolves when it serves requests; for a worker, which serves none, at once. `isUp`: whether it serves them. */
export async function startPosthorn(
  role: Role,
  env: Record<string, string>,
  logFile: string,
  isUp: (origin: string) => Promise<boolean> = isReady,
): Promise<PosthornProcess> {
  build();
  const args = [program, role];
  const child = await superviseProcess({ command: process.execPath, args, env, logFile, stopSignal: 'SIGTERM', graceMs: 45_000 });
  if (role !== 'worker') {
    const origin = `http://${env.HOST}:${env.PORT}`;
    for (const deadline = Date.now() + startsWithinMs; !(await isUp(origin)); await delay(50)) {
      if (child.isRunning() && Date.now() < deadline) continue;
      await child.stop();
      throw new Error(`posthorn ${role} did not start: ${readFileSync(logFile, 'utf8').slice(-2_000)}`);
    }
  }
  return {
    pid: child.pid,
    role,
    async kill() {
      if (child.isRunning()) process.kill(child.pid, 'SIGKILL');
      await child.exited;
    },
    stop: child.stop,
  };
}

async function isReady(origin: string): Promise<boolean> {
  try {
    const answer = await fetch(`${origin}/readyz`, { signal: AbortSignal.timeout(1_000) });
    return answer.ok && ((await answer.json()) as { temporal?: string }).temporal === 'up';
  } catch {
    return false;
  }
}
