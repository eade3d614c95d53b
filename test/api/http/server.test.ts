// Request ids, routes without a key, the OpenAPI document, and answers while PostgreSQL is
// unavailable.
import { connect, createServer, type Socket } from 'node:net';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { type ApiServer, apiKey, startApi } from '../api-server.ts';

let api: ApiServer;
beforeAll(async () => {
  api = await startApi({ logLevel: 'debug' });
});
afterAll(() => api.close());

describe('every answer', () => {
  it.each(['/healthz', '/v1/tenants', '/v1/nothing', '/nothing'])('of %s has x-request-id, the caller’s if it is valid', async (path) => {
    const ask = async (id?: string) =>
      (await api.call('GET', path, undefined, { headers: id === undefined ? {} : { 'x-request-id': id } })).headers.get('x-request-id');
    expect(await ask('req-1!~')).toBe('req-1!~');
    for (const bad of [undefined, 'a b', 'x'.repeat(129), 'é']) expect(await ask(bad)).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('has one log line, without the key', async () => {
    await api.call('GET', '/v1/tenants', undefined, { headers: { 'x-request-id': 'logged' } });
    const lines = api.logLines.filter(({ requestId }) => requestId === 'logged');
    expect(lines).toMatchObject([{ msg: 'api.request', method: 'GET', path: '/v1/tenants', status: 200 }]);
    expect(JSON.stringify(api.logLines)).not.toContain(apiKey);
  });
});

describe('without a key', () => {
  it('health and readiness can be read', async () => {
    expect(await api.call('GET', '/healthz', undefined, { key: null })).toMatchObject({ status: 200, body: { status: 'ok' } });
    const ready = await api.call('GET', '/readyz', undefined, { key: null });
    expect(ready).toMatchObject({ status: 200, body: { status: 'degraded', postgres: 'up', temporal: 'away' } });
  });

  it('the page at / can be read', async () => {
    const response = await fetch(`${api.origin}/`);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await response.text()).toContain('<title>Posthorn</title>');
  });
});

describe('the OpenAPI document', () => {
  it('names every route once, resolves every reference, and holds valid schemas', async () => {
    const { body: document } = await api.call('GET', '/openapi.json', undefined, { key: null });
    expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'Posthorn' }, webhooks: { event: { post: {} } } });
    const operations = Object.entries<
      Record<string, { operationId: string; responses: object; parameters: { in: string; name: string }[] }>
    >(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })));
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    for (const { path, parameters, responses } of operations) {
      const named = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name);
      expect(named).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
      expect(Object.keys(responses).some((status) => status.startsWith('2'))).toBe(true);
    }
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema(document, 'openapi');
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference);
    expect(references.length).toBeGreaterThan(30);
    for (const reference of new Set(references)) expect(ajv.compile({ $ref: `openapi${reference}` })).toBeTypeOf('function');
    expect(operations.map(({ method, path }) => `${method} ${path}`)).toMatchSnapshot();
  });

  it('matches the real answers', async () => {
    const { body: document } = await api.get('/openapi.json');
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema(document, 'openapi');
    const check = (name: string, value: unknown) => {
      const valid = ajv.compile({ $ref: `openapi#/components/schemas/${name}` });
      expect([valid(value), valid.errors]).toEqual([true, null]);
    };
    const tenant = await api.makeTenant();
    check('Tenant', (await api.get(`/v1/tenants/${tenant}`)).body);
    check('TenantPage', (await api.get('/v1/tenants')).body);
    check('CreatedEndpoint', await api.makeEndpoint(tenant, 'http://127.0.0.1:9/', { retry: { schedule: ['1s'] } }));
    const event = await api.postEvent(tenant);
    check('EventDetails', (await api.get(`/v1/tenants/${tenant}/events/${event}`)).body);
    check('EventPage', (await api.get(`/v1/tenants/${tenant}/events`)).body);
    check('AcceptedBatch', (await api.post(`/v1/tenants/${tenant}/events/batch`, { events: [{ type: 'a', data: 1 }] })).body);
    check('DeliveryPage', (await api.get('/v1/deliveries')).body);
    check('Problem', (await api.get('/v1/tenants/nobody')).body);
    check('InstallationStatus', (await api.get('/v1/status')).body);
    check('Readiness', (await api.get('/readyz')).body);
  });
});

describe('while PostgreSQL is unavailable', () => {
  it('answers 503 with Retry-After, and works again without a restart', async () => {
    const door = await openDoor(api.db.options.connectionString ?? '');
    const behind = await startApi({ databaseUrl: door.url });
    try {
      const tenant = await behind.makeTenant();
      const event = { id: 'once', type: 'a', data: 1 };
      door.shut();
      const away = [
        await behind.post(`/v1/tenants/${tenant}/events`, event),
        await behind.post('/v1/tenants', { name: 'x' }, { headers: { 'idempotency-key': 'away' } }),
        await behind.get('/v1/tenants'),
      ];
      for (const answer of away) {
        expect(answer).toMatchObject({ status: 503, body: { status: 503, detail: expect.stringContaining('not confirmed') } });
        expect(answer.headers.get('retry-after')).toBe('1');
      }
      expect(await behind.get('/readyz')).toMatchObject({ status: 503, body: { status: 'away', postgres: 'away' } });
      expect((await behind.get('/healthz')).status).toBe(200);
      door.open();
      expect(await behind.post(`/v1/tenants/${tenant}/events`, event)).toMatchObject({ status: 202, body: { duplicate: false } });
      expect((await behind.post('/v1/tenants', { name: 'x' }, { headers: { 'idempotency-key': 'away' } })).status).toBe(201);
      await until('it is ready', async () => (await behind.get('/readyz')).status === 200);
    } finally {
      await behind.close();
      await door.close();
    }
  });
});

/** A TCP proxy to PostgreSQL that can be closed and opened again. */
async function openDoor(databaseUrl: string): Promise<{ url: string; shut(): void; open(): void; close(): Promise<void> }> {
  const target = new URL(databaseUrl);
  const { hostname } = target;
  const port = Number(target.port);
  const sockets = new Set<Socket>();
  let isOpen = true;
  const server = createServer((socket) => {
    if (!isOpen) return void socket.resetAndDestroy();
    const behind = connect(port, hostname);
    for (const one of [socket, behind]) {
      sockets.add(one.on('error', () => undefined).on('close', () => [socket, behind].map((each) => sockets.delete(each.destroy()))));
    }
    socket.pipe(behind).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  target.port = String(typeof address === 'object' ? address?.port : 0);
  target.hostname = '127.0.0.1';
  const shut = () => {
    isOpen = false;
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: target.href,
    shut,
    open() {
      isOpen = true;
    },
    async close() {
      shut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
