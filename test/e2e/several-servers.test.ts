// `posthorn server` in several processes, and what the command says when its processes cannot start.

import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readMetrics } from '../api/prometheus-page.ts';
import { createApi } from '../support/api.ts';
import { type Command, childrenOf, isAlive, runCommand } from '../support/command.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { ownPort } from '../support/own-port.ts';
import { testApiKey, testEnv } from '../support/posthorn.ts';
import { startTimeoutMs } from '../support/start-cost.ts';
import { until } from '../support/until.ts';

let database: TestDatabase;
let env: Record<string, string>;
let command: Command;

beforeEach(async () => {
  database = await createTestDatabase();
  env = { ...testEnv(database, 't84'), POSTHORN_PROCESSES: '2', PORT: String(await ownPort()), LOG_LEVEL: 'info' };
});

afterEach(async () => {
  if (isAlive(command.pid)) command.signal('SIGTERM');
  await command.exit;
  await database.drop();
});

it('serves from each process, and adds up what they accepted', async () => {
  command = runCommand(['server'], env);
  const api = createApi(`http://127.0.0.1:${env.PORT}`, testApiKey);
  await until('both to serve', () => command.logged('server.started').length === 2, startTimeoutMs);
  const pids = childrenOf(command.pid);
  expect(
    command
      .logged('server.started')
      .map(({ pid }) => pid)
      .toSorted(),
  ).toEqual(pids.toSorted());
  const tenant = await api.makeTenant();
  for (const id of ['a', 'b', 'c', 'd', 'e']) await api.postEvent(tenant, { id });
  const page = await readMetrics(`http://127.0.0.1:${env.PORT}`);
  expect(page.value('posthorn_events_accepted_total')).toBe(5);
  // read once for all processes, not added up
  expect(page.value('posthorn_outbox_events')).toBe(5);
  // it can accept events, and says that nobody delivers them
  expect(await api.get('/readyz')).toMatchObject({
    status: 200,
    body: { status: 'degraded', postgres: 'up', workers: 0, detail: expect.stringContaining('No worker runs.') },
  });
  const warnings = (await api.get('/v1/status')).body.warnings as { code: string }[];
  expect(warnings.map(({ code }) => code)).toEqual(['no_worker']);
  command.signal('SIGTERM');
  expect(await command.exit).toBe(0);
  expect(pids.filter(isAlive)).toEqual([]);
});

it('refuses a number of processes that it cannot run', async () => {
  for (const [number, message] of [
    ['0', /^POSTHORN_PROCESSES: must be at least 1\n$/],
    ['two', /^POSTHORN_PROCESSES: .*number.*\n$/],
  ] as const) {
    command = runCommand(['start'], { ...env, POSTHORN_PROCESSES: number });
    expect(await command.exit).toBe(1);
    expect(command.said()).toMatch(message);
  }
});

it('says once why no process can start, with the exit code of a single process', async () => {
  command = runCommand(['server'], { ...env, DATABASE_URL: 'postgres://127.0.0.1:1/none' });
  expect(await command.exit).toBe(3);
  expect(command.said()).toMatch(/^PostgreSQL is not available: .+\n$/);

  const other = createServer().listen(Number(env.PORT), '127.0.0.1');
  await once(other, 'listening');
  command = runCommand(['server'], env);
  expect(await command.exit).toBe(1);
  other.close();
  expect(command.said()).toBe(`port ${env.PORT} on 127.0.0.1 is already in use: set PORT to a free port\n`);
});
