import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { startPostgres } from '#embedded/postgres';
import { until } from '../support/until.ts';
import { holdServers, killAllBut, processesOf, scratchFolder } from './scratch.ts';

const quick = { fsync: 'off' };

async function ask(url: string, sql: string): Promise<unknown> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return Object.values((await client.query(sql)).rows[0] ?? {})[0];
  } finally {
    await client.end();
  }
}

it('starts in UTF-8, keeps its data, port and password across a restart, and leaves no process running', async () => {
  const dataDir = join(scratchFolder(), 'postgres');
  const first = await startPostgres({ dataDir, settings: quick });
  expect(await ask(first.url, 'show server_encoding')).toBe('UTF8');
  expect(await ask(first.url, 'show max_connections')).toBe('200');
  await ask(first.url, 'create table kept as select 42 as answer');
  await expect(startPostgres({ dataDir })).rejects.toThrow(
    `PostgreSQL is already running on ${dataDir}, started by process ${process.pid}.`,
  );
  await first.stop();
  expect(await first.exited).toBeUndefined();
  expect(processesOf(dataDir)).toEqual([]);
  expect(statSync(join(dataDir, 'password')).mode & 0o777).toBe(0o600);

  const second = await startPostgres({ dataDir });
  expect(second.url).toBe(first.url);
  expect(await ask(second.url, 'show fsync')).toBe('on');
  expect(await ask(second.url, 'select answer from kept')).toBe(42);
  await second.stop();
});

it('uses another port if the stored one is in use, and refuses a configured port that is in use', async () => {
  const dataDir = join(scratchFolder(), 'postgres');
  const { port, stop } = await startPostgres({ dataDir, settings: quick });
  await stop();
  const squatter = createServer().listen(port, '127.0.0.1');
  onTestFinished(() => void squatter.close());
  await expect(startPostgres({ dataDir, port })).rejects.toThrow(`Port ${port} for PostgreSQL is already in use by another program.`);
  const moved = await startPostgres({ dataDir });
  expect(moved.port).not.toBe(port);
  await moved.stop();
});

it('ends with the process that started it, even after kill -9, and starts again', async () => {
  const dataDir = join(scratchFolder(), 'postgres');
  const holder = await holdServers(dataDir, '');
  await ask(holder.url, 'create table kept as select 42 as answer');
  process.kill(holder.pid, 'SIGKILL');
  await until('everything of the dead process to be gone', () => processesOf(dataDir).length === 0);
  const again = await startPostgres({ dataDir, settings: quick });
  expect(await ask(again.url, 'select answer from kept')).toBe(42);
  await again.stop();
});

it('stops an orphaned server on its data, and ignores a pid file that names an unrelated process', async () => {
  const dataDir = join(scratchFolder(), 'postgres');
  await holdServers(dataDir, '');
  const server = Number(readFileSync(join(dataDir, 'cluster/data/postmaster.pid'), 'utf8').split('\n')[0]);
  killAllBut(server, dataDir);
  await until('only the orphan to be left', () => processesOf(dataDir).join() === String(server));
  const lines: string[] = [];
  const again = await startPostgres({ dataDir, settings: quick, log: (line) => void lines.push(line) });
  expect(lines).toEqual([`stopping the PostgreSQL (pid ${server}) that an earlier run left behind`]);
  expect(processesOf(dataDir)).not.toContain(server);
  await again.stop();

  writeFileSync(join(dataDir, 'cluster/data/postmaster.pid'), `${process.pid}\n`);
  await (await startPostgres({ dataDir, settings: quick })).stop();
});

it('reports an unusable data folder and an unexpected end of the server in one message', async () => {
  const folder = scratchFolder();
  writeFileSync(join(folder, 'file'), '');
  await expect(startPostgres({ dataDir: join(folder, 'file') })).rejects.toThrow(
    /The data folder .*file cannot be used: a file is in its place/,
  );

  const dataDir = join(folder, 'postgres');
  await expect(startPostgres({ dataDir, settings: { shared_buffers: 'plenty' } })).rejects.toThrow(
    /did not start: invalid value for parameter "shared_buffers"/,
  );
  const { exited, stop } = await startPostgres({ dataDir, settings: quick });
  process.kill(Number(readFileSync(join(dataDir, 'cluster/data/postmaster.pid'), 'utf8').split('\n')[0]), 'SIGINT');
  expect((await exited)?.message).toMatch(/PostgreSQL stopped unexpectedly: see .*postgres\.log/);
  await stop();
});

it.runIf(process.getuid?.() === 0)(
  'as root, below a folder that other users cannot enter, stores its data where its user can reach it',
  async () => {
    const closed = join(scratchFolder(), 'closed');
    const dataDir = join(closed, 'postgres');
    mkdirSync(closed);
    chmodSync(closed, 0o700);
    const first = await startPostgres({ dataDir, settings: quick });
    const place = readFileSync(join(dataDir, 'location'), 'utf8').trim();
    onTestFinished(() => rmSync(place, { recursive: true }));
    await ask(first.url, 'create table kept as select 42 as answer');
    await first.stop();
    expect(existsSync(join(dataDir, 'cluster'))).toBe(false);
    const second = await startPostgres({ dataDir, settings: quick });
    expect(await ask(second.url, 'select answer from kept')).toBe(42);
    await second.stop();
  },
);
