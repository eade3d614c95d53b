// Canaries in bodies, secrets, headers, URLs, credentials and answers, and deliveries that go well and badly: then everything that others may get to see is
// searched - the database as a dump and as files, the log at its wordiest, metrics, answers that are errors, and every history of Temporal.
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeCanaries, sighted } from '../support/canaries.ts';
import { startPosthorn, type TestPosthorn } from '../support/posthorn.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
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
const env = { POSTHORN_API_KEY: `key-${canaries.key}`, LOG_LEVEL: 'trace', POSTHORN_RETRY_SCHEDULE: '100ms' };
const startedMs = Date.now();
const log: string[] = [];
const errors: string[] = [];
let posthorn: TestPosthorn;
let receiver: Receiver;
let tenant: string;
let plainServer: ReturnType<typeof createServer>;

beforeAll(async () => {
  [posthorn, receiver] = await Promise.all([
    startPosthorn({ namespace: 't55', env, logTo: { write: (line) => void log.push(line) } }),
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

/** As its producer calls it, with an Idempotency-Key; the answers that are errors are kept. */
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

it('no canary is seen anywhere', async () => {
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

  // what may be read is read by those who may
  const [attempt] = (await call(200, 'GET', `/v1/deliveries/${deliveries[0]}/attempts`)).data;
  expect(attempt).toMatchObject({ body: canaries.answer });
  expect(receiver.requests[0]?.body.includes(canaries.body)).toBe(true);

  const seen = {
    dump: await dump(),
    files: await databaseFiles(),
    log: log.join('\n'),
    metrics: await metrics(),
    errors: errors.join('\n'),
    histories: await histories(),
  };
  // the search finds what is there to be found
  for (const [where, kept] of Object.entries({ dump: tenant, files: tenant, log: deliveries[0], histories: deliveries[0]?.slice(4) })) {
    expect(sighted({ kept: kept ?? '' }, seen[where as keyof typeof seen]), where).toEqual(['kept']);
  }
  expect(errors.length).toBeGreaterThan(4);
  for (const [where, haystack] of Object.entries(seen)) expect(sighted(canaries, haystack), where).toEqual([]);
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

/** Every row of every table, as text and with its bytes. */
async function dump(): Promise<string> {
  const { db } = posthorn.database;
  const { rows } = await db.query<{ name: string }>(
    `select quote_ident(relname) as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
  );
  const texts = await Promise.all(rows.map(({ name }) => db.query<{ text: string }>(`select t::text as text from ${name} t`)));
  return texts.flatMap((one) => one.rows.map(({ text }) => text)).join('\n');
}

/** The files of this database and of the log of its changes, as they lie on the disk. */
async function databaseFiles(): Promise<Buffer> {
  const { db } = posthorn.database;
  await db.query('checkpoint');
  const { rows } = await db.query<{ folder: string; oid: string }>(
    `select current_setting('data_directory') as folder, oid::text from pg_database where datname = current_database()`,
  );
  const { folder = '', oid = '' } = rows[0] ?? {};
  const files = [join(folder, 'base', oid), join(folder, 'pg_wal')].flatMap((one) =>
    readdirSync(one, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(one, entry.name)),
  );
  return Buffer.concat(files.filter((file) => statSync(file).mtimeMs >= startedMs - 60_000).map((file) => readFileSync(file)));
}

async function metrics(): Promise<string> {
  return (await fetch(`${posthorn.origin}/metrics`, { headers: { authorization: `Bearer ${env.POSTHORN_API_KEY}` } })).text();
}

/** All that Temporal has of this namespace: lists, and histories with the bytes of their payloads. */
async function histories(): Promise<string> {
  const { workflow } = posthorn.temporal;
  const found: string[] = [];
  for await (const info of workflow.list()) {
    const { raw, ...rest } = info;
    found.push(readable(raw), readable(rest), readable(await workflow.getHandle(info.workflowId, info.runId).fetchHistory()));
  }
  expect(found.length).toBeGreaterThan(4);
  return found.join('\n');
}

function readable(value: unknown): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, key, plain) {
    // Buffers have turned into something else by the time they come here
    const bytes = this[key];
    return bytes instanceof Uint8Array ? Buffer.from(bytes).toString('latin1') : plain;
  });
}
