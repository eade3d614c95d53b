// `posthorn ingest outbox`: events that a producer writes in its own transactions.
import type pg from 'pg';
import { afterAll, beforeAll, expect } from 'vitest';
import { outboxTableSql, publish } from '../../packages/client/src/outbox.ts';
import { countEvents } from '../support/broker-stage.ts';
import { runCommand } from '../support/command.ts';
import { createEmptyDatabase, type TestDatabase } from '../support/database.ts';
import { type Gate, type Refusal, startGate } from '../support/gate.ts';
import { runIngest } from '../support/ingest.ts';
import { runWithKills } from '../support/kills.ts';
import { isLong } from '../support/long.ts';
import { type TestPosthorn, testApiKey } from '../support/posthorn.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { withPosthorn as it } from '../support/shared-posthorn.ts';
import { until } from '../support/until.ts';

let producer: TestDatabase;
let receiver: Receiver;
beforeAll(async () => {
  producer = await createEmptyDatabase();
  receiver = await startReceiver();
});
afterAll(async () => {
  await receiver.close();
  await producer.drop();
});

let tables = 0;

/** A table, a tenant with one endpoint, and a gate before the API, all new. */
async function stage(posthorn: TestPosthorn, onTestFinished: (end: () => Promise<void>) => void) {
  const table = `outbox_${++tables}`;
  await producer.db.query(outboxTableSql(table));
  const tenant = await posthorn.makeTenant();
  await posthorn.makeEndpoint(tenant, `${receiver.url}/hook`, { eventTypes: ['order.*'] });
  const gate = await startGate(posthorn.origin);
  onTestFinished(gate.close);
  const env = {
    POSTHORN_URL: gate.url,
    POSTHORN_API_KEY: testApiKey,
    POSTHORN_INGEST_DATABASE_URL: producer.url,
    POSTHORN_INGEST_TABLE: table,
  };
  const start = (more: Record<string, string> = {}) => {
    const relay = runIngest('outbox', { ...env, ...more });
    onTestFinished(relay.stop);
    return relay;
  };
  const left = async () => (await producer.db.query(`select id, refused_at, refusal from ${table} order by position`)).rows;
  const empty = () => until('the table to be empty', async () => (await left()).length === 0);
  const write = (id: string, more: object = {}, tx: Pick<pg.Pool, 'query'> = producer.db) =>
    publish(tx, { tenant, type: 'order.created', data: { id }, id, ...more }, { table });
  return { table, tenant, gate, env, start, left, empty, write };
}

const idsOf = ({ seen }: Gate) => seen.map((body) => JSON.parse(body).id as string);

async function eventsOf(posthorn: TestPosthorn, tenant: string): Promise<string[]> {
  const { body } = await posthorn.get(`/v1/tenants/${tenant}/events?limit=250`);
  return body.data.map(({ id }: { id: string }) => id).sort();
}

it('an event exists if and only if the transaction committed, however late', async ({ posthorn, onTestFinished }) => {
  const { start, write, empty, tenant, table } = await stage(posthorn, onTestFinished);
  const [late, undone] = [await producer.db.connect(), await producer.db.connect()];
  await late.query('begin');
  await undone.query('begin');
  await write('late', { data: { big: 1, text: 'ü' }, occurredAt: '2026-01-02T03:04:05Z', channels: ['vip'], version: 3 }, late);
  await write('undone', {}, undone);
  start();
  await write('first');
  await empty();
  expect(await eventsOf(posthorn, tenant)).toEqual(['first']);
  await undone.query('rollback');
  await late.query('commit');
  for (const client of [late, undone]) client.release();
  await until('the late event', async () => (await eventsOf(posthorn, tenant)).length === 2);
  expect(await eventsOf(posthorn, tenant)).toEqual(['first', 'late']);
  expect((await posthorn.get(`/v1/tenants/${tenant}/events/late`)).body).toMatchObject({
    channels: ['vip'],
    version: 3,
    timestamp: '2026-01-02T03:04:05.000Z',
  });
  // the text of a json column is passed on byte for byte
  await producer.db.query(
    `insert into ${table} (id, tenant, type, data) values ('bytes', $1, 'order.created', '{"n": 1.0,  "big":12345678901234567890}')`,
    [tenant],
  );
  await until('the delivery', () => receiver.of('bytes').length === 1);
  expect(receiver.of('bytes')[0]?.body.toString()).toContain('"data":{"n": 1.0,  "big":12345678901234567890}}');
});

it('posts the events of an ordering key one after the other, in the order of the table, also after a wait', async ({
  posthorn,
  onTestFinished,
}) => {
  const { start, write, empty, gate } = await stage(posthorn, onTestFinished);
  const inFlight = { now: 0, most: 0 };
  const keysInFlight = new Set<string>();
  let refusals = 5;
  gate.before = (body) => {
    const { orderingKey } = JSON.parse(body);
    expect(keysInFlight).not.toContain(orderingKey);
    if (refusals-- > 0) return { status: 503, headers: { 'retry-after': '0' } };
    keysInFlight.add(orderingKey);
    inFlight.most = Math.max(inFlight.most, ++inFlight.now);
    return null;
  };
  const done: string[] = [];
  gate.after = (body) => {
    const { orderingKey, id } = JSON.parse(body);
    keysInFlight.delete(orderingKey);
    inFlight.now--;
    done.push(id);
  };
  for (let n = 10; n < 40; n++) await write(`k${n % 3}-${n}`, { orderingKey: `key-${n % 3}` });
  const relay = start();
  await empty();
  for (const key of ['k0', 'k1', 'k2']) {
    const own = done.filter((id) => id.startsWith(key));
    expect(own).toHaveLength(10);
    expect(own).toEqual(own.toSorted());
  }
  expect(inFlight.most).toBeGreaterThan(1);
  expect(relay.logged('ingest.waiting').length).toBeGreaterThan(0);
});

it('sets a refused row aside with the reason; the others go on, and it is tried again when the marks are removed', async ({
  posthorn,
  onTestFinished,
}) => {
  const { start, write, left, empty, table, tenant } = await stage(posthorn, onTestFinished);
  await write('no-type', { type: 'not a type', orderingKey: 'k' });
  await write('behind', { orderingKey: 'k' });
  await write('nobody', { tenant: 'nobody-here' });
  await write('no-path', { tenant: '..' });
  await write('large', { data: 'x'.repeat(300_000) });
  await producer.db.query(`insert into ${table} (id, type, data) values ('without', 'a.b', '1')`);
  await producer.db.query(`insert into ${table} (id, tenant, type, data, options) values ('odd', $1, 'a.b', '1', '[]')`, [tenant]);
  await producer.db.query(`insert into ${table} (id, tenant, type, data, options) values ('two', $1, 'a.b', '1', '{"data":2}')`, [tenant]);
  await write('other');
  start();
  const refused = await until('all others to be posted', async () => {
    const rows = await left();
    return rows.length === 7 && rows.every(({ refused_at }) => refused_at) && rows;
  });
  expect(Object.fromEntries(refused.map(({ id, refusal }) => [id, refusal]))).toEqual({
    'no-type': expect.stringMatching(/^HTTP 422: type /),
    nobody: 'HTTP 404: There is no such tenant.',
    'no-path': 'The tenant is not a valid tenant id.',
    large: 'data is larger than 262144 bytes.',
    without: 'The row has no tenant, and POSTHORN_INGEST_TENANT is not set.',
    odd: 'options must be an object.',
    two: 'options must not have data: it is a column of its own.',
  });
  expect(await eventsOf(posthorn, tenant)).toEqual(['behind', 'other']);
  await producer.db.query(`delete from ${table} where id <> 'no-type'`);
  await producer.db.query(`update ${table} set type = 'order.created', refused_at = null, refusal = null; notify posthorn_producer`);
  await empty();
  expect(await eventsOf(posthorn, tenant)).toEqual(['behind', 'no-type', 'other']);
});

it('waits for a tenant that gets 429 and for no other, and for a key that is refused', async ({ posthorn, onTestFinished }) => {
  const { start, write, left, empty, gate, tenant } = await stage(posthorn, onTestFinished);
  const full = await posthorn.makeTenant();
  let isFull = true;
  let keyWorks = false;
  gate.before = (body): Refusal | null => {
    if (!keyWorks) return { status: 401, headers: { 'content-type': 'application/problem+json' }, body: '{"detail":"no"}' };
    return isFull && JSON.parse(body).data.full ? { status: 429, headers: { 'retry-after': '1' } } : null;
  };
  for (let n = 1; n <= 5; n++) await write(`full-${n}`, { tenant: full, data: { full: true } });
  await write('free');
  const relay = start();
  await until('the key to be refused', () => relay.logged('ingest.waiting').length > 0);
  expect(await left()).toHaveLength(6);
  keyWorks = true;
  await until('the other tenant', async () => (await eventsOf(posthorn, tenant)).length === 1);
  await until('a 429', () => relay.logged('ingest.waiting').some(({ tenant: of, reason }) => of === full && reason === 'HTTP 429'));
  // its row is deleted after the event is there
  await until('the row of the other tenant to be gone', async () => (await left()).length === 5);
  expect((await left()).map(({ refused_at }) => refused_at)).toEqual([null, null, null, null, null]);
  isFull = false;
  await empty();
  expect(await eventsOf(posthorn, full)).toEqual(['full-1', 'full-2', 'full-3', 'full-4', 'full-5']);
});

it('killed between the commit of the event and the deletion of its row, posts a duplicate and no second event', async ({
  posthorn,
  onTestFinished,
}) => {
  const { start, write, left, empty, gate, env, tenant } = await stage(posthorn, onTestFinished);
  await write('once');
  const command = runCommand(['ingest', 'outbox'], env);
  gate.after = async () => {
    command.signal('SIGKILL');
    await command.exit;
  };
  await command.exit;
  expect(await left()).toHaveLength(1);
  gate.after = () => undefined;
  const relay = start();
  await empty();
  expect(idsOf(gate)).toEqual(['once', 'once']);
  expect(await eventsOf(posthorn, tenant)).toEqual(['once']);
  await until('the delivery', () => receiver.of('once').length === 1);
  expect((await posthorn.deliveriesOf(tenant, 'once')).length).toBe(1);
  expect(relay.logged('ingest.refused')).toEqual([]);
});

it('killed at random while producers write and commit late, loses no event, makes no second one, and keeps the order', async ({
  posthorn,
  onTestFinished,
}) => {
  const { write, left, gate, env, tenant } = await stage(posthorn, onTestFinished);
  const [count, kills] = isLong ? [1_000, 10] : [200, 1];
  const inOrder: number[] = [];
  gate.after = (body) => {
    const { orderingKey, data } = JSON.parse(body);
    if (orderingKey !== undefined && !inOrder.includes(data.n)) inOrder.push(data.n);
  };
  const writing = (async () => {
    const late = await producer.db.connect();
    for (let n = 0; n < count; n++) {
      if (n % 10 === 0) await late.query('begin');
      await write(
        `e-${n}`,
        { type: 'quiet.event', data: { n }, ...(n % 10 === 1 && { orderingKey: 'k' }) },
        n % 10 === 0 ? late : producer.db,
      );
      if (n % 10 === 9) await late.query('commit');
    }
    late.release();
  })();
  const isDone = async () => {
    await writing;
    return (await left()).length === 0;
  };
  await runWithKills(() => runCommand(['ingest', 'outbox'], env), gate, { kills, requests: count, isDone });
  expect(await countEvents(posthorn, tenant)).toBe(count);
  expect(inOrder).toEqual(Array.from({ length: count / 10 }, (_, n) => n * 10 + 1));
});

it('one relay works on a table, a second one stands by and takes over; it outlives a lost connection', async ({
  posthorn,
  onTestFinished,
}) => {
  const { start, write, empty, gate } = await stage(posthorn, onTestFinished);
  const first = start();
  await until('the first to lead', () => first.logged('ingest.leading').length === 1);
  const second = start();
  await write('a');
  await empty();
  expect(second.logged('ingest.leading')).toEqual([]);
  await first.stop();
  await write('b');
  await empty();
  expect(second.logged('ingest.leading')).toHaveLength(1);
  await producer.db.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
  );
  await until('a new connection', () => write('c').then(() => true));
  await empty();
  expect(new Set(idsOf(gate))).toEqual(new Set(['a', 'b', 'c']));
});

it('a stopped command ends with 0, and one without its settings names them', async ({ posthorn, onTestFinished }) => {
  const { env, write, empty } = await stage(posthorn, onTestFinished);
  const bad = runCommand(['ingest', 'outbox'], { POSTHORN_API_KEY: 'short', POSTHORN_INGEST_TABLE: 'a b' });
  const unknown = runCommand(['ingest', 'toString'], {});
  const command = runCommand(['ingest', 'outbox'], env);
  await write('x');
  await empty();
  command.signal('SIGTERM');
  expect(await command.exit).toBe(0);
  expect([await bad.exit, await unknown.exit]).toEqual([1, 1]);
  expect(bad.said()).toMatch(/^POSTHORN_INGEST_DATABASE_URL must be set\.\nPOSTHORN_INGEST_TABLE: must be a table/);
  expect(bad.said()).toContain('POSTHORN_API_KEY: ');
  expect(unknown.said()).toContain('Usage: posthorn ingest outbox|kafka|amqp');
});

it('what violates the schema of its type is set aside with the places; a warning is logged', async ({ posthorn, onTestFinished }) => {
  const { start, left, write } = await stage(posthorn, onTestFinished);
  const [strict, lenient] = [`order.strict${tables}`, `order.lenient${tables}`];
  const schema = { type: 'object', properties: { total: { type: 'integer' } }, required: ['total', 'currency'] };
  await posthorn.post('/v1/event-types', { name: strict, schema });
  await posthorn.post('/v1/event-types', { name: lenient, schema, validation: 'warn' });
  await write('bad', { type: strict, data: { total: 'x' } });
  await write('good', { type: strict, data: { total: 1, currency: 'EUR' } });
  await write('warned', { type: lenient, data: { total: 1 } });
  const intake = start();
  await until('only the bad row to be left', async () => (await left()).length === 1 && (await left())[0].refused_at !== null);
  expect(await left()).toMatchObject([{ id: 'bad', refusal: 'HTTP 422: data/currency is missing; data/total must be integer' }]);
  expect(intake.logged('ingest.warned')).toMatchObject([{ event: 'warned', warnings: ['data/currency is missing'] }]);
});
