// Idempotency-Key over HTTP: a request runs once and repeats get its answer, even if a process
// crashes in between.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashRequest } from '#api/access/idempotency';
import { uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { createApi } from '../../support/api.ts';
import { type ApiServer, apiKey, startApi } from '../api-server.ts';

let api: ApiServer;
const url = 'http://127.0.0.1:9/hook';
const withKey = (key: string) => ({ headers: { 'idempotency-key': key } });
const scope = createHash('sha256').update('bootstrap').digest('hex').slice(0, 32);

beforeAll(async () => {
  api = await startApi();
  await api.makeTenant('acme');
});
afterAll(() => api.close());

async function count(table: 'tenants' | 'endpoints' | 'events'): Promise<number> {
  const { rows } = await api.db.query(`select count(*) as count from ${table}`);
  return rows[0].count;
}

/** Leaves the state of a process that crashed while it ran this request. */
async function diedRunning(key: string, path: string, body: unknown): Promise<void> {
  const hash = await api.deps.contents.hasher();
  await api.db.query(
    `insert into idempotency_keys (scope, key, request_hash, seed, claim, claimed_until) values ($1, $2, $3, $4, $5, now() - interval '1 second')`,
    [scope, key, hash(hashRequest('POST', path, Buffer.from(JSON.stringify(body)))), uuidOf(newId('evt')), randomUUID()],
  );
}

describe('a request with a key', () => {
  it.each([
    ['a tenant', '/v1/tenants', { name: 'x' }],
    ['an endpoint, its secret included', '/v1/tenants/acme/endpoints', { url }],
    ['an event', '/v1/tenants/acme/events', { type: 'a', data: 1 }],
    [
      'a batch',
      '/v1/tenants/acme/events/batch',
      {
        events: [
          { type: 'a', data: 1 },
          { type: 'a', data: 1 },
        ],
      },
    ],
  ])('creates %s once', async (_, path, body) => {
    const key = randomUUID();
    const before = [await count('tenants'), await count('endpoints'), await count('events')];
    const first = await api.post(path, body, withKey(key));
    const made = [await count('tenants'), await count('endpoints'), await count('events')];
    expect(made).not.toEqual(before);
    const second = await api.post(path, body, withKey(key));
    expect([second.status, second.body]).toEqual([first.status, first.body]);
    expect([first.headers.get('idempotency-replayed'), second.headers.get('idempotency-replayed')]).toEqual([null, 'true']);
    expect([await count('tenants'), await count('endpoints'), await count('events')]).toEqual(made);
  });

  it('runs once when many come concurrently', async () => {
    const key = randomUUID();
    const before = await count('endpoints');
    const answers = await Promise.all(Array.from({ length: 10 }, () => api.post('/v1/tenants/acme/endpoints', { url }, withKey(key))));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(answers[0]?.status).toBe(201);
    expect(await count('endpoints')).toBe(before + 1);
  });

  it('with another body or path is a conflict', async () => {
    const key = randomUUID();
    await api.post('/v1/tenants', { name: 'a' }, withKey(key));
    expect((await api.post('/v1/tenants', { name: 'b' }, withKey(key))).status).toBe(409);
    expect((await api.post('/v1/tenants/acme/endpoints', { url }, withKey(key))).status).toBe(409);
  });

  it('that was refused leaves the key free', async () => {
    const key = randomUUID();
    expect((await api.post('/v1/tenants', { id: 'acme', name: 'a' }, withKey(key))).status).toBe(409);
    expect((await api.post('/v1/tenants', { name: '' }, withKey(key))).status).toBe(422);
    expect((await api.post('/v1/tenants', { name: 'b' }, withKey(key))).status).toBe(201);
  });

  it('runs again after 24 hours, with other ids', async () => {
    const key = randomUUID();
    const first = await api.post('/v1/tenants', { name: 'a' }, withKey(key));
    await api.db.query(`update idempotency_keys set created_at = now() - interval '25 hours' where key = $1`, [key]);
    const second = await api.post('/v1/tenants', { name: 'b' }, withKey(key));
    expect(second.status).toBe(201);
    expect(second.body.id).not.toBe(first.body.id);
  });

  it('stores its answer encrypted', async () => {
    const key = randomUUID();
    const { body } = await api.post('/v1/tenants/acme/endpoints', { url }, withKey(key));
    const { rows } = await api.db.query('select response from idempotency_keys where key = $1', [key]);
    expect(rows[0].response.includes(body.secret)).toBe(false);
  });
});

describe('a request whose process crashed', () => {
  it.each([
    ['a tenant', '/v1/tenants', { name: 'x' }, 'id'],
    ['a tenant with a given id', '/v1/tenants', { id: 'own', name: 'x' }, 'id'],
    ['an endpoint, with the same secret', '/v1/tenants/acme/endpoints', { url }, 'secret'],
    ['an event', '/v1/tenants/acme/events', { type: 'a', data: 1 }, 'id'],
    [
      'a batch',
      '/v1/tenants/acme/events/batch',
      {
        events: [
          { type: 'a', data: 1 },
          { type: 'b', data: 2 },
        ],
      },
      'results',
    ],
  ])('after its commit creates %s once', async (_, path, body, member) => {
    const key = randomUUID();
    await diedRunning(key, path, body);
    const first = await api.post(path, body, withKey(key));
    expect(first.status).toBeLessThan(300);
    const made = [await count('tenants'), await count('endpoints'), await count('events')];
    // its answer was never stored, and its claim has expired
    await api.db.query(
      `update idempotency_keys set status = null, response = null, claimed_until = now() - interval '1 second' where key = $1`,
      [key],
    );
    const second = await api.post(path, body, withKey(key));
    expect(second.status).toBe(first.status);
    expect(second.body[member]).toEqual(first.body[member]);
    expect([await count('tenants'), await count('endpoints'), await count('events')]).toEqual(made);
    await api.db.query('delete from idempotency_keys where key = $1', [key]);
    await api.db.query(`delete from tenants where external_id = 'own'`);
  });

  it('rotates a secret once', async () => {
    const { id } = await api.makeEndpoint('acme', url);
    const key = randomUUID();
    const path = `/v1/endpoints/${id}/rotate-secret`;
    const first = await api.post(path, {}, withKey(key));
    await api.db.query(`update idempotency_keys set status = null, claimed_until = now() - interval '1 second' where key = $1`, [key]);
    const second = await api.post(path, {}, withKey(key));
    expect(second.body.secret).toBe(first.body.secret);
    const { rows } = await api.db.query('select count(*) as count from endpoint_secrets where endpoint_id = $1', [id.slice(3)]);
    expect(rows[0].count).toBe(2);
  });

  it('is not taken over with another body', async () => {
    const key = randomUUID();
    await diedRunning(key, '/v1/tenants', { name: 'a' });
    expect((await api.post('/v1/tenants', { name: 'b' }, withKey(key))).status).toBe(409);
  });
});

it('two processes share Idempotency-Keys', async () => {
  const masterKey = randomBytes(32).toString('base64');
  const one = await startApi({ masterKey });
  const two = await startApi({ masterKey, databaseUrl: one.db.options.connectionString });
  try {
    const clients = [one, two].map(({ origin }) => createApi(origin, apiKey));
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => clients[n % 2]?.post('/v1/tenants', { name: 'x' }, withKey('shared'))),
    );
    expect(new Set(answers.map((answer) => answer?.body.id)).size).toBe(1);
  } finally {
    await two.close();
    await one.close();
  }
});
