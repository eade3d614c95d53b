// Debian's redis-server for a test file, which may kill and start it: each write is on disk before its answer.
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SupervisedProcess, superviseProcess } from '#embedded/supervised-process';
import { fileOfPackage } from './debian.ts';
import { ownPort } from './own-port.ts';
import { until } from './until.ts';

export interface RedisServer {
  url: string;
  start(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

/** Resolves when the server answers. */
export async function startRedis(): Promise<RedisServer> {
  const server = await fileOfPackage('redis-server', ['/usr/bin/redis-server']);
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-redis-'));
  const port = await ownPort();
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--maxmemory-policy', 'noeviction', ...durable];
  let running: SupervisedProcess | undefined;
  const start = async () => {
    running = await superviseProcess({
      command: server,
      args,
      env: { PATH: process.env.PATH ?? '' },
      logFile: join(folder, 'log.txt'),
      stopSignal: 'SIGTERM',
    });
    await until('redis-server', () => answers(port));
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    start,
    async kill() {
      const { pid } = running ?? {};
      if (pid) process.kill(pid, 'SIGKILL');
      await until('the end of redis-server', () => !running?.isRunning());
    },
    async close() {
      await running?.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Whether PING gets its answer: while it reads its file, the server says LOADING. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.once('error', () => resolve(false));
    socket.once('data', (data) => {
      resolve(String(data).startsWith('+PONG'));
      socket.destroy();
    });
  });
}
