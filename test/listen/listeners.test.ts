// Requests on their way to `posthorn listen` and back, between two processes that share only PostgreSQL.
import { randomBytes, randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerRequest, passRequest } from '#db/listeners/listen-requests';
import { holdListener, releaseListener } from '#db/listeners/listeners';
import { createListener } from '#db/store/listener';
import { bootstrapCaller } from '#domain/access/access';
import type { SendResult } from '#domain/deliveries/outcome';
import type { ListenAnswer, ListenedRequest } from '#domain/endpoints/listen';
import { uuidOf } from '#domain/ids';
import { ListenerStreams } from '#listen/listener-streams';
import { toListeners } from '#listen/to-listeners';
import { createLogger } from '#runtime/logger';
import { newId } from '#runtime/new-id';
import { createVault } from '#sealing/vault';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';

const masterKey = randomBytes(32).toString('base64');
const timings = { renewEveryMs: 50, lostAfterMs: 60_000, takenWithinMs: 60_000, lookEveryMs: 20 };
const tenant = newId('tnt');
const audit = { actor: { kind: 'bootstrap' as const, id: null }, action: 'endpoint.listen' as const, address: null, requestId: null };
const answer: ListenAnswer = { target: 'localhost:3000', status: 200, body: Buffer.from('ok').toString('base64'), totalMs: 3 };
const canary = `canary-${randomBytes(6).toString('hex')}`;

let database: TestDatabase;
let db: pg.Pool;
const opened: ListenerStreams[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
  db = database.db;
  await db.query('insert into tenants (id, external_id, name) values ($1, $2, $2)', [uuidOf(tenant), 'acme']);
});
afterAll(async () => {
  for (const one of opened) one.stop();
  await database?.drop();
});

async function makeEndpoint(): Promise<string> {
  const id = newId('ep');
  await db.query(`insert into endpoints (id, tenant_id, sealed, host) values ($1, $2, '', 'listen.posthorn.invalid')`, [
    uuidOf(id),
    uuidOf(tenant),
  ]);
  return id;
}

function server(): ListenerStreams {
  const log = createLogger('silent');
  const one = new ListenerStreams({ db, notifications: createListener(db, log), vault: createVault([masterKey]), log, timings });
  opened.push(one);
  return one;
}

/** The side of the worker. `sent`: what went to the sender. */
function worker(changed: Partial<typeof timings> = {}) {
  const sent: string[] = [];
  const send = async ({ url }: { url: string }): Promise<SendResult> => {
    sent.push(url);
    throw new Error('not in this test');
  };
  const to = toListeners({
    db,
    vault: createVault([masterKey]),
    sender: { userAgent: 'Posthorn/test', send },
    timings: { ...timings, ...changed },
  });
  const post = (endpointId: string, url = 'https://listen.posthorn.invalid/x', timeoutMs = 30_000) =>
    to.send({ endpointId, url, timeoutMs, headers: { 'webhook-id': canary }, body: Buffer.from(`{"n":"${canary}"}`) });
  return { post, sent };
}

/** The side of the command: reads a stream until it ends. */
async function listen(streams: ListenerStreams, endpointId: string) {
  const stream = await streams.open(endpointId, bootstrapCaller, audit);
  const got = { requests: [] as ListenedRequest[], end: null as string | null };
  const read = async () => {
    for await (const piece of stream) {
      const [, name, data = ''] = /^event: (\w+)\ndata: (.*)\n\n$/.exec(piece) ?? [];
      if (name === 'request') got.requests.push(JSON.parse(data));
      if (name === 'end') got.end = JSON.parse(data).reason;
    }
  };
  const ended = read();
  const close = async () => {
    await stream.return();
    await ended;
  };
  return { ...got, got, close };
}

describe('a request to a listener', () => {
  it('is passed on and answered, also when no notification arrives, and never stored as it is', async () => {
    const endpoint = await makeEndpoint();
    const [streams, { post, sent }] = [server(), worker()];
    const { got, close } = await listen(streams, endpoint);
    const result = post(endpoint);
    const request = await until('the request', () => got.requests[0]);
    expect(request.headers).toEqual(
      expect.arrayContaining([
        ['webhook-id', canary],
        ['user-agent', 'Posthorn/test'],
      ]),
    );
    expect(Buffer.from(request.body, 'base64').toString()).toBe(`{"n":"${canary}"}`);
    const { rows } = await db.query<{ row: string }>('select r::text || encode(r.sealed, $1) as row from listen_requests r', ['escape']);
    expect(rows).toHaveLength(1);
    expect(rows[0]?.row).not.toContain(canary);
    // not for another endpoint, and once
    expect(await streams.answer(await makeEndpoint(), request.id, answer)).toBe(false);
    expect(await streams.answer(endpoint, request.id, answer)).toBe(true);
    expect(await streams.answer(endpoint, request.id, answer)).toBe(false);
    expect(await result).toMatchObject({
      outcome: 'accepted',
      message: 'HTTP 200 from localhost:3000 (posthorn listen), 3 ms',
      response: { statusCode: 200 },
    });
    expect((await db.query('select from listen_requests')).rowCount).toBe(0);
    expect(sent).toEqual([]);
    await close();
  });

  it('fails at once while nobody listens', async () => {
    const endpoint = await makeEndpoint();
    const { post } = worker();
    const nobody = { outcome: 'connect', message: 'nobody is listening: run `posthorn listen` to receive it', response: null };
    expect(await post(endpoint)).toMatchObject(nobody);
    const { close } = await listen(server(), endpoint);
    await close();
    expect(await post(endpoint)).toMatchObject(nobody);
    // a connection whose process was killed
    await holdListener(db, endpoint, randomUUID());
    await db.query(`update listeners set seen_at = now() - interval '2 minutes' where endpoint_id = $1`, [uuidOf(endpoint)]);
    expect(await post(endpoint)).toMatchObject(nobody);
  });

  it('fails when no process takes it, and times out when no answer comes', async () => {
    const [lost, silent] = [await makeEndpoint(), await makeEndpoint()];
    await holdListener(db, lost, randomUUID());
    expect(await worker({ takenWithinMs: 100 }).post(lost)).toMatchObject({
      outcome: 'connect',
      message: expect.stringContaining('nobody is listening'),
    });
    const streams = server();
    const { got, close } = await listen(streams, silent);
    // where the stream takes the request only after the deadline, nobody listens for it; a later one is needed
    let deadlineMs = 1_000;
    let result = await worker().post(silent, undefined, deadlineMs);
    while (result.outcome !== 'timeout') {
      deadlineMs *= 2;
      result = await worker().post(silent, undefined, deadlineMs);
    }
    expect(result).toMatchObject({ outcome: 'timeout', message: `no response from posthorn listen within ${deadlineMs / 1_000} s` });
    const late = await until('the request', () => got.requests.at(-1));
    expect(await streams.answer(silent, late.id, answer)).toBe(false);
    await close();
  });

  it('is no attempt if a crash of PostgreSQL loses it', async () => {
    const endpoint = await makeEndpoint();
    const { got, close } = await listen(server(), endpoint);
    const isLost = expect(worker().post(endpoint)).rejects.toMatchObject({
      name: 'LocalFault',
      cause: { message: 'PostgreSQL has lost the request' },
    });
    await until('the request', () => got.requests.length === 1);
    await db.query('delete from listen_requests where endpoint_id = $1', [uuidOf(endpoint)]);
    await isLost;
    await close();
  });

  it('goes to the sender if its endpoint has an address', async () => {
    const { post, sent } = worker();
    for (const url of ['https://listen.posthorn.invalid.example.com/x', 'https://example.com/https://listen.posthorn.invalid/'])
      await expect(post(await makeEndpoint(), url)).rejects.toThrow();
    expect(sent).toHaveLength(2);
  });

  it('carries why there was no answer', async () => {
    const endpoint = await makeEndpoint();
    const streams = server();
    const { got, close } = await listen(streams, endpoint);
    for (const [code, outcome] of [
      ['ECONNREFUSED', 'connect'],
      ['ETIMEDOUT', 'timeout'],
      ['ECONNRESET', 'reset'],
      ['HPE_INVALID_CONSTANT', 'protocol'],
      ['SOMETHING_NEW', 'connect'],
    ]) {
      const result = worker().post(endpoint);
      const { id } = await until('the request', () => got.requests.pop());
      await streams.answer(endpoint, id, { target: 'localhost:1', totalMs: 1, error: { code: code ?? '', message: 'because' } });
      expect(await result, code).toMatchObject({ outcome, response: null });
    }
    await close();
  });
});

describe('a connection', () => {
  it('has at most 32 requests in flight, and 64 wait', async () => {
    const endpoint = await makeEndpoint();
    const streams = server();
    const session = randomUUID();
    await holdListener(db, endpoint, session);
    const pass = () =>
      passRequest(db, { id: randomUUID(), endpointId: endpoint, sealed: Buffer.alloc(1), timeoutMs: 60_000, lostAfterMs: 60_000 });
    for (let n = 0; n < 64; n++) expect(await pass()).toBe('passed');
    expect(await pass()).toBe('busy');
    await db.query('delete from listen_requests');
    await releaseListener(db, endpoint, session);

    const { got, close } = await listen(streams, endpoint);
    const { post } = worker();
    const results = Array.from({ length: 40 }, () => post(endpoint));
    await until('32 requests', () => got.requests.length === 32);
    await streams.answer(endpoint, got.requests[0]?.id ?? '', answer);
    await until('one more', () => got.requests.length === 33);
    for (let n = 1; n < 40; n++)
      await until('its turn', async () => got.requests[n] && streams.answer(endpoint, got.requests[n]?.id ?? '', answer));
    expect((await Promise.all(results)).map(({ outcome }) => outcome)).toEqual(Array(40).fill('accepted'));
    await close();
  });

  it('goes on after a crash of PostgreSQL, which empties its tables', async () => {
    const endpoint = await makeEndpoint();
    const streams = server();
    const { got, close } = await listen(streams, endpoint);
    const sessionOf = async () =>
      (await db.query('select session from listeners where endpoint_id = $1', [uuidOf(endpoint)])).rows[0]?.session;
    const session = await sessionOf();
    await db.query('delete from listeners where endpoint_id = $1', [uuidOf(endpoint)]);
    await until('its row again', async () => (await sessionOf()) === session);
    const result = worker().post(endpoint);
    await until('the request', () => got.requests.length === 1);
    await streams.answer(endpoint, got.requests[0]?.id ?? '', answer);
    expect([(await result).outcome, got.end]).toEqual(['accepted', null]);
    await close();
    expect(await sessionOf()).toBeUndefined();
  });

  it('ends when another takes over, when its endpoint is deleted, and when the process stops', async () => {
    const [endpoint, deleted] = [await makeEndpoint(), await makeEndpoint()];
    const [one, other] = [server(), server()];
    const first = await listen(one, endpoint);
    const second = await listen(other, endpoint);
    await until('the first to end', () => first.got.end === 'replaced');
    const gone = await listen(other, deleted);
    await db.query('update endpoints set deleted_at = now() where id = $1', [uuidOf(deleted)]);
    await until('the end', () => gone.got.end === 'deleted');
    other.stop();
    await until('the second to end', () => second.got.end === 'stopping');
    expect((await db.query('select from listeners where endpoint_id = any($1)', [[endpoint, deleted].map(uuidOf)])).rowCount).toBe(0);
    expect(await answerRequest(db, endpoint, randomUUID(), Buffer.alloc(1))).toBe(false);
  });
});
