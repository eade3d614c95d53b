// Kills a consumer at each moment that the README names, and counts what it has done in the end.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, test as base, beforeAll, describe, expect } from 'vitest';
import { secret, signedRequest } from '../../../test/receiver/signed.ts';
import { createEmptyDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { isLong } from '../../../test/support/long.ts';
import { type RedisServer, startRedis } from '../../../test/support/redis.ts';
import { until } from '../../../test/support/until.ts';

const program = join(import.meta.dirname, 'crash-main.ts');

interface Consumer {
  child: ChildProcess;
  url: string;
  said(msg: string): Record<string, unknown>[];
  ended(): boolean;
}

let database: TestDatabase;
let redis: RedisServer;
beforeAll(async () => {
  [database, redis] = await Promise.all([createEmptyDatabase(), startRedis()]);
  await database.db.query('create table effects (id text not null)');
});

let count = 0;

/** Its consumers have one receiver, and end with the test. */
const test = base.extend<{ start: (env: Record<string, string>) => Promise<Consumer> }>({
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads from the pattern which fixtures are needed
  start: async ({}, use) => {
    const running: ChildProcess[] = [];
    const NAME = `receiver-${count++}`;
    await use((env) => startConsumer({ NAME, ...env }, running));
    for (const child of running) child.kill('SIGKILL');
    await until('the consumers to end', () => running.every(({ signalCode, exitCode }) => signalCode !== null || exitCode !== null));
  },
});

afterAll(async () => {
  await database?.drop();
  await redis?.close();
});

async function startConsumer(env: Record<string, string>, running: ChildProcess[]): Promise<Consumer> {
  const lines: Record<string, unknown>[] = [];
  const given = { PATH: process.env.PATH ?? '', DATABASE_URL: database.url, WEBHOOK_SECRET: secret, LEASE_MS: '1500', ...env };
  const child = spawn(process.execPath, [program], { env: given, stdio: ['ignore', 'pipe', 'inherit'] });
  running.push(child);
  let rest = '';
  child.stdout.on('data', (chunk) => {
    const texts = (rest + chunk).split('\n');
    rest = texts.pop() ?? '';
    lines.push(...texts.map((text) => JSON.parse(text)));
  });
  const { listening } = await until('the consumer', () => lines.find((line) => line.listening));
  return {
    child,
    url: `http://127.0.0.1:${listening}`,
    said: (msg) => lines.filter((line) => line.msg === msg),
    ended: () => child.signalCode !== null,
  };
}

/** The status, or null: the connection broke. */
async function post({ url }: Consumer, id: string, type: string): Promise<number | null> {
  return fetch(url, signedRequest({ id, type })).then(
    ({ status }) => status,
    () => null,
  );
}

const effectsOf = async (id: string) => (await database.db.query('select from effects where id = $1', [id])).rowCount;

/** As Posthorn: again, until there is a 2xx. */
const deliver = (consumer: Consumer, id: string, type: string) => until('a 2xx', async () => (await post(consumer, id, type)) === 202);

type Row = [moment: string, type: string, answered: number | null, effects: number];
const everywhere: Row[] = [
  ['before it is stored', 'plain', null, 1],
  ['after it is stored', 'plain', null, 1],
  ['before the work', 'plain', 202, 1],
  ['between work and mark', 'plain', 202, 2],
  ['after the mark', 'plain', 202, 1],
];
const inPostgres: Row[] = [
  ['within the transaction', 'atomic', 202, 1],
  ['after the transaction', 'atomic', 202, 1],
];

describe.each([
  ['PostgreSQL', [...everywhere, ...inPostgres]],
  ['Redis', isLong ? everywhere : everywhere.filter(([moment]) => moment === 'between work and mark')],
])('an inbox in %s', (store, rows) => {
  const env = () => (store === 'Redis' ? { REDIS_URL: redis.url } : ({} as Record<string, string>));

  test.concurrent.for(rows)('killed %s (%s)', async ([moment, type, answered, effects], { start }) => {
    const id = `${store}-${moment.replaceAll(' ', '-')}`;
    const first = await start({ ...env(), CRASH_AT: moment });
    // the answer may not get out before the work kills the process
    expect([answered, null]).toContain(await post(first, id, type));
    await until('the crash', first.ended);
    const second = await start(env());
    await deliver(second, id, type);
    await until('the work', async () => (await effectsOf(id)) === effects);
    // nothing comes after it: a duplicate, and another event as a mark
    await deliver(second, id, type);
    await deliver(second, `${id}-mark`, type);
    await until('the mark', async () => (await effectsOf(`${id}-mark`)) === 1);
    expect(await effectsOf(id)).toBe(effects);
  });
});

test.concurrent('a frozen process whose lease has expired writes nothing in its transaction, and records nothing', async ({ start }) => {
  const frozen = await start({ FREEZE_ID: 'frozen' });
  await post(frozen, 'frozen', 'atomic');
  const other = await start({});
  await until('the other to take it', () => other.said('webhook.done').some(({ id }) => id === 'frozen'));
  frozen.child.kill('SIGCONT');
  await until('the first to notice', () => frozen.said('webhook.lease_lost').some(({ id }) => id === 'frozen'));
  expect(await effectsOf('frozen')).toBe(1);
  const { rows } = await database.db.query("select state, attempts from posthorn_inbox where id = 'frozen'");
  expect(rows).toEqual([{ state: 'done', attempts: 2 }]);
});

test('a consumer starts while a transaction of another one is open', async ({ start }) => {
  await start({});
  const client = await database.db.connect();
  try {
    await client.query('begin; delete from posthorn_inbox where false; lock table posthorn_inbox in row exclusive mode');
    await start({});
  } finally {
    await client.query('rollback');
    client.release();
  }
});

test('two workers share the events of an inbox: each is handled once', async ({ start }) => {
  const consumers = await Promise.all([start({ LEASE_MS: '60000' }), start({ LEASE_MS: '60000' })]);
  const ids = Array.from({ length: 60 }, (_, n) => `shared-${n}`);
  await Promise.all(ids.flatMap((id) => consumers.map((consumer) => post(consumer, id, 'plain'))));
  await until('all of them', async () => (await database.db.query("select from effects where id like 'shared-%'")).rowCount === ids.length);
  for (const consumer of consumers) await until('its log', () => consumer.said('webhook.received').length >= ids.length);
  const done = consumers.flatMap((consumer) => consumer.said('webhook.done'));
  expect(new Set(done.map(({ id }) => id)).size).toBeLessThanOrEqual(ids.length);
  expect((await database.db.query("select id from effects where id like 'shared-%' group by id having count(*) > 1")).rows).toEqual([]);
});

test('what Redis has answered for survives its SIGKILL', async ({ start }) => {
  const consumer = await start({ REDIS_URL: redis.url, CRASH_AT: 'before the work' });
  expect([202, null]).toContain(await post(consumer, 'durable', 'plain'));
  await until('the crash', consumer.ended);
  await redis.kill();
  await redis.start();
  const next = await start({ REDIS_URL: redis.url });
  await until('the work', async () => (await effectsOf('durable')) === 1);
  expect(await post(next, 'durable', 'plain')).toBe(202);
  expect(await effectsOf('durable')).toBe(1);
});
