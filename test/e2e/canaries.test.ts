// Puts canaries into bodies, secrets, headers, URLs, credentials and answers of deliveries that
// succeed and fail. Then searches everything that others could read: database dump and files, the
// most verbose log, metrics, error responses, and every history in Temporal.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openCore, type ReadyConfig } from '#app/core';
import { readConfig } from '#config/config';
import { reseal } from '#db/keys/reseal';
import { idOf } from '#domain/ids';
import { createLogger } from '#runtime/logger';
import { createVault } from '#sealing/vault';
import { makeCanaries, sighted } from '../support/canaries.ts';
import { startPosthorn, type TestPosthorn } from '../support/posthorn.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { databaseFiles, dump, histories } from '../support/sights.ts';
import { until } from '../support/until.ts';

const places = [
  'body',
  'secret',
  'header',
  'path',
  'query',
  'token',
  'password',
  'answer',
  'answerHeader',
  'key',
  'subject',
  'error',
] as const;
const canaries = makeCanaries(places);
const [old, young, stranger] = [1, 2, 3].map(() => randomBytes(32).toString('base64')) as [string, string, string];
const env = {
  POSTHORN_MASTER_KEY: `${old},${young}`,
  POSTHORN_API_KEY: `key-${canaries.key}`,
  LOG_LEVEL: 'trace',
  POSTHORN_RETRY_SCHEDULE: '100ms',
};
const startedMs = Date.now();
const log: string[] = [];
const errors: string[] = [];
let posthorn: TestPosthorn;
let receiver: Receiver;
let tenant: string;
let plainServer: ReturnType<typeof createServer>;

beforeAll(async () => {
  [posthorn, receiver] = await Promise.all([
    startPosthorn({ namespace: 't55', env, onNewDatabase: true, logTo: { write: (line) => void log.push(line) } }),
    startReceiver(),
  ]);
  tenant = `seen-${Math.random().toString(36).slice(2)}`;
  plainServer = createServer((socket) => void socket.on('error', () => undefined).end('not TLS\r\n')).listen(0, '127.0.0.1');
  await once(plainServer, 'listening');
});
afterAll(async () => {
  plainServer?.close();
  await posthorn?.stop();
  await receiver?.close();
});

const sendTo = `/hook/${canaries.path}?of=${canaries.query}`;

async function makeEndpoint(url: string, type: string, more: object = {}): Promise<void> {
  const key = canaries.secret.padEnd(32, '-');
  await call(201, 'POST', `/v1/tenants/${tenant}/endpoints`, {
    url,
    eventTypes: [type],
    secret: `whsec_${Buffer.from(key).toString('base64')}`,
    headers: { 'x-shop': canaries.header },
    auth: { type: 'bearer', token: canaries.token },
    ...more,
  });
}

/** Calls the API like the producer, with an Idempotency-Key, and collects error responses. */
async function call(status: number, method: string, path: string, body?: unknown, raw?: string) {
  const headers: Record<string, string> = method === 'POST' ? { 'idempotency-key': `once-${Math.random()}` } : {};
  const answer = await posthorn.call(method, path, body, { key: env.POSTHORN_API_KEY, headers, ...(raw !== undefined && { raw }) });
  if (status >= 400) errors.push(JSON.stringify([answer.body, ...answer.headers]));
  expect(answer.status, `${method} ${JSON.stringify(answer.body)}`).toBe(status);
  return answer.body;
}

async function settle(type: string, status: string): Promise<string> {
  const { id } = await call(202, 'POST', `/v1/tenants/${tenant}/events`, { type, data: { of: canaries.body }, subject: canaries.subject });
  const path = `/v1/tenants/${tenant}/events/${id}`;
  return until(`${type} to be ${status}`, async () => {
    const { deliveries } = await call(200, 'GET', path);
    return deliveries[0]?.status === status && deliveries[0].id;
  });
}

it('no canary can be read anywhere', async () => {
  await call(201, 'POST', '/v1/tenants', { id: tenant, name: tenant });
  for (const [path, status] of [
    ['/hook', 200],
    ['/refused', 500],
  ] as const) {
    receiver.answer(`${path}/${canaries.path}?of=${canaries.query}`, (_request, response) => {
      response.writeHead(status, { 'x-echo': canaries.answerHeader }).end(canaries.answer);
    });
  }
  await makeEndpoint(`${receiver.url}${sendTo}`, 'fine.sent');
  await makeEndpoint(`${receiver.url}${sendTo.replace('/hook', '/refused')}`, 'refused.sent', {
    auth: { type: 'basic', username: 'u', password: canaries.password },
  });
  await makeEndpoint(`https://nowhere.invalid${sendTo}`, 'dns.sent');
  await makeEndpoint(`https://127.0.0.1:${(plainServer.address() as AddressInfo).port}${sendTo}`, 'tls.sent');
  const deliveries = await Promise.all([
    settle('fine.sent', 'succeeded'),
    ...['refused.sent', 'dns.sent', 'tls.sent'].map((type) => settle(type, 'dead_lettered')),
  ]);
  await ask400s();

  // authorised callers can read what they may read
  const [attempt] = (await call(200, 'GET', `/v1/deliveries/${deliveries[0]}/attempts`)).data;
  expect(attempt).toMatchObject({ body: canaries.answer });
  expect(receiver.requests[0]?.body.includes(canaries.body)).toBe(true);

  const seen = {
    dump: await dump(posthorn.database.db),
    files: await databaseFiles(posthorn.database.db, startedMs - 60_000),
    log: log.join('\n'),
    metrics: await metrics(),
    errors: errors.join('\n'),
    histories: await histories(posthorn.temporal),
  };
  // the search finds canaries where they are expected
  for (const [where, kept] of Object.entries({ dump: tenant, files: tenant, log: deliveries[0], histories: deliveries[0]?.slice(4) })) {
    expect(sighted({ kept: kept ?? '' }, seen[where as keyof typeof seen]), where).toEqual(['kept']);
  }
  expect(errors.length).toBeGreaterThan(4);
  for (const [where, haystack] of Object.entries(seen)) expect(sighted(canaries, haystack), where).toEqual([]);
});

it('the master key is changed during deliveries, and a restart does not need the old one', async () => {
  await makeEndpoint(`${receiver.url}/rotated`, 'rotated.sent');
  const send = () => settle('rotated.sent', 'succeeded');
  const going = Promise.all(Array.from({ length: 10 }, send));
  const between = createVault([young, old]);
  expect(await reseal(posthorn.database.db, between)).toMatchObject({ left: [] });
  await Promise.all([going, send()]);
  const signed = receiver.requests.filter(({ path }) => path === '/rotated');
  expect(signed).toHaveLength(11);
  const webhook = new Webhook(`whsec_${Buffer.from(canaries.secret.padEnd(32, '-')).toString('base64')}`);
  for (const { body, headers } of signed) webhook.verify(body, headers);

  const open = (keys: string) =>
    openCore(readConfig({ ...posthorn.env, POSTHORN_MASTER_KEY: keys }) as ReadyConfig, createLogger('silent'));
  await expect(open(old)).rejects.toThrow(/is not the key/);
  await expect(open(stranger)).rejects.toThrow(/is not the key/);
  const core = await open(young);
  const [secret] = (await core.db.query<{ id: string; sealed: Buffer }>('select id, sealed from endpoint_secrets limit 1')).rows;
  expect(core.vault.open(secret?.sealed ?? Buffer.alloc(0), idOf('sec', secret?.id ?? '')).toString()).toContain(canaries.secret);
  await core.close();
});

async function ask400s(): Promise<void> {
  const { error } = canaries;
  const endpoints = `/v1/tenants/${tenant}/endpoints`;
  await call(400, 'POST', `/v1/tenants/${tenant}/events`, undefined, `{"type":"a","data":${error}}`);
  await call(422, 'POST', `/v1/tenants/${tenant}/events`, { type: 'a b', data: error, id: `${error} ` });
  await call(422, 'POST', endpoints, { url: `https://user:${error}@example.com/` });
  await call(422, 'POST', endpoints, { url: `ftp://example.com/${error}` });
  await call(422, 'POST', endpoints, { url: 'https://example.com/', headers: { 'x-a': `${error}\n` }, secret: error });
  await call(422, 'GET', `/v1/deliveries?cursor=${error}`);
  await call(200, 'DELETE', `/v1/tenants/${tenant}/subjects/${error}/content`);
  await call(404, 'DELETE', `/v1/tenants/${tenant}/events/none/content`);
  const wrong = await posthorn.call('GET', '/v1/tenants', undefined, { key: `wrong-${error}` });
  errors.push(JSON.stringify(wrong.body));
}

async function metrics(): Promise<string> {
  return (await fetch(`${posthorn.origin}/metrics`, { headers: { authorization: `Bearer ${env.POSTHORN_API_KEY}` } })).text();
}
