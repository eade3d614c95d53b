// Attacks with a key: header injection, __proto__ and constructor, deep nesting, duplicate keys.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiServer, startApi } from '../api-server.ts';
import { storedBody } from '../stored-body.ts';

let api: ApiServer;
const events = '/v1/tenants/acme/events';
const url = 'https://example.com/';

beforeAll(async () => {
  api = await startApi();
  await api.makeTenant('acme');
});
afterAll(() => api.close());

const postRaw = (path: string, raw: string | Uint8Array, headers: Record<string, string> = {}) =>
  api.call('POST', path, undefined, { raw, headers });

describe('text that would break out of a header', () => {
  const breaks = [
    '\r\nx: y',
    '\nx: y',
    '\r',
    '\0',
    '\r\n folded',
    '\t',
    '\x7f',
    '\x85',
    '\u2028',
    'é',
    '\u{1f4ef}',
    '\ud800',
    '\uff0d',
    '嘊嘍x: y',
  ];

  it.each(breaks)('%j is refused wherever a header is made of it', async (text) => {
    const value = `a${text}b`;
    const tries: [string, object, string][] = [
      [`/v1/tenants/acme/endpoints`, { url, headers: { 'x-a': value } }, 'headers.x-a'],
      [`/v1/tenants/acme/endpoints`, { url, headers: { [value]: 'a' } }, `headers.${value}`],
      [events, { type: value, data: 1 }, 'type'],
      [events, { type: 'a', data: 1, id: value }, 'id'],
      [events, { type: 'a', data: 1, orderingKey: value }, 'orderingKey'],
      [events, { type: 'a', data: 1, channels: [value] }, 'channels[0]'],
      ['/v1/tenants', { name: 'a', id: value }, 'id'],
    ];
    for (const [path, body, at] of tries) {
      const answer = await api.post(path, body);
      expect([answer.status, answer.body.errors?.[0]?.path], `${path} ${at}`).toEqual([422, at]);
    }
  });

  it('is never echoed in headers: not by the request id, not by an error', async () => {
    const answer = await api.call('GET', '/v1/tenants?%0d%0aset-cookie:%20a=b', undefined, { headers: { 'x-request-id': 'a\tb' } });
    expect(answer.status).toBe(422);
    expect(answer.headers.get('set-cookie')).toBeNull();
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('from the Host header is never echoed: links use the configured origin', async () => {
    const { body } = await api.call('GET', '/openapi.json', undefined, {
      headers: { 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' },
    });
    expect(JSON.stringify(body)).not.toContain('evil.example');
  });
});

describe('keys such as __proto__', () => {
  it('are stored like any other where the caller chooses the keys', async () => {
    const metadata = { constructor: 'c', prototype: 'p', toString: 't', hasOwnProperty: 'h' };
    expect((await api.post('/v1/tenants', { name: 'x', id: 'keys', metadata })).status).toBe(201);
    expect((await api.get('/v1/tenants/keys')).body.metadata).toEqual(metadata);
  });

  it.each([
    ['/v1/tenants', '{"name":"x","metadata":{"__proto__":"x"}}', 'metadata.__proto__'],
    ['/v1/tenants', '{"name":"x","metadata":{"\\u005f_proto__":{"isAdmin":true}}}', 'metadata.__proto__'],
    ['/v1/tenants/acme/endpoints', `{"url":"${url}","headers":{"__proto__":"x"}}`, 'headers.__proto__'],
    ['/v1/tenants/acme/endpoints', `{"url":"${url}","retry":{"__proto__":{"schedule":["1s"]}}}`, 'retry.__proto__'],
    ['/v1/tenants/acme/endpoints', `{"url":"${url}","constructor":{"prototype":{"isAdmin":true}}}`, 'constructor'],
    [events, '{"type":"a","data":1,"prototype":{"isAdmin":true}}', 'prototype'],
    [`${events}/batch`, '{"events":[{"type":"a","data":1,"__proto__":{"isAdmin":true}}]}', 'events[0].__proto__'],
  ])('to %s %s is 422', async (path, raw, at) => {
    const answer = await postRaw(path, raw);
    expect([answer.status, answer.body.errors.map((error: { path: string }) => error.path)]).toEqual([422, [at]]);
  });

  it.each(['__proto__[isAdmin]=1', '__proto__=1', 'constructor[prototype][isAdmin]=1', 'constructor=1', '__proto__.isAdmin=1'])(
    'in a query, ?%s, are 422',
    async (query) => {
      expect((await api.get(`/v1/tenants?${query}`)).status).toBe(422);
      expect((await api.get(`/v1/tenants/acme?${query}`)).status).toBe(422);
    },
  );

  it('pass through in data, byte for byte, and change no prototype', async () => {
    const data = '{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}},"__proto__":2}';
    expect((await postRaw(events, `{"type":"a","id":"proto","data":${data}}`)).status).toBe(202);
    expect(await storedBody(api, 'proto')).toContain(`"data":${data}}`);
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });
});

describe('a body nested very deep', () => {
  const nested = (levels: number, open = '[', close = ']') => `${open.repeat(levels)}1${close.repeat(levels)}`;
  it.each([
    ['in data', events, `{"type":"a","data":${nested(100_000)}}`],
    ['in data, by objects', events, `{"type":"a","data":${nested(40_000, '{"a":', '}')}}`],
    ['of an item', `${events}/batch`, `{"events":[{"type":"a","data":${nested(100_000)}}]}`],
    ['where nothing is nested', '/v1/tenants', `{"name":${nested(30_000)}}`],
    ['at the top', events, nested(100_000)],
    ['and never closed', `${events}/batch`, '['.repeat(5_000_000)],
    ['in objects never closed', events, '{"a":'.repeat(50_000)],
  ])('%s is 422', async (_, path, raw) => {
    const answer = await postRaw(path, raw);
    expect(answer).toMatchObject({
      status: 422,
      body: { detail: 'The body must not nest deeper than 500 levels', errors: [{ path: '' }] },
    });
  });

  it('of 500 levels is accepted', async () => {
    expect((await postRaw(events, `{"type":"a","data":${nested(499)}}`)).status).toBe(202);
  });
});

describe('a duplicate key', () => {
  it.each([
    ['/v1/tenants', '{"name":"x","metadata":{"a":"1","a":"2"}}', 'metadata.a'],
    ['/v1/tenants/acme/endpoints', `{"url":"${url}","headers":{"x-a":"1","\\u0078-a":"2"}}`, 'headers.x-a'],
    ['/v1/tenants/acme/endpoints', `{"url":"${url}","retry":{"schedule":["1s"],"schedule":["2s"]}}`, 'retry.schedule'],
    ['/v1/tenants/acme/endpoints', `{"url":"${url}","url":"https://10.0.0.1/"}`, 'url'],
    [`${events}/batch`, '{"events":[],"events":[{"type":"a","data":1}]}', 'events'],
  ])('to %s %s is 422: the last one does not win', async (path, raw, at) => {
    const answer = await postRaw(path, raw);
    expect([answer.status, answer.body.errors]).toMatchObject([422, [{ path: at, message: 'duplicate key' }]]);
  });
});

it('leaves no tenant, endpoint or key, and no failure in the log', async () => {
  const { rows } = await api.db.query(
    'select (select count(*) from tenants) as tenants, (select count(*) from endpoints) as endpoints, (select count(*) from idempotency_keys) as keys',
  );
  expect(rows[0]).toEqual({ tenants: 2, endpoints: 0, keys: 0 });
  expect(api.logLines.filter(({ level }) => level >= 50)).toEqual([]);
});
