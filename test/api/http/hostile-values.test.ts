// Values at the limits of JSON, UTF-8 and Posthorn: passed through unchanged, or refused briefly.
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiServer, startApi } from '../api-server.ts';
import { storedBody } from '../stored-body.ts';

let api: ApiServer;
let endpoint: string;
const events = '/v1/tenants/acme/events';
const url = 'https://example.com/';

beforeAll(async () => {
  api = await startApi();
  await api.makeTenant('acme');
  endpoint = (await api.makeEndpoint('acme', 'http://127.0.0.1:9/hook')).id;
});
afterAll(() => api.close());

const postRaw = (path: string, raw: string | Uint8Array, headers: Record<string, string> = {}) =>
  api.call('POST', path, undefined, { raw, headers });

describe('numbers that no double holds', () => {
  const numbers = [
    '1e400',
    '-1e-400',
    '18446744073709551616',
    '9007199254740993',
    '9'.repeat(100),
    `0.${'1'.repeat(100)}`,
    '1.0',
    '-0',
    '1E+2',
  ];

  it('pass through in data, byte for byte, alone and in a batch', async () => {
    const data = `[ ${numbers.join(' , ')} ]`;
    expect((await postRaw(events, `{"type":"a","id":"numbers","data":${data} }`)).status).toBe(202);
    expect((await postRaw(`${events}/batch`, `{"events":[{"data" : ${data},"id":"numbers2","type":"a"}]}`)).status).toBe(202);
    for (const id of ['numbers', 'numbers2']) expect(await storedBody(api, id)).toContain(`"data":${data}}`);
  });

  it.each(['1e400', '-1', '1.5', '18446744073709551616', '9'.repeat(400)])(
    '%s is refused as a version and as a timeout',
    async (number) => {
      expect((await postRaw(events, `{"type":"a","data":1,"version":${number}}`)).status).toBe(422);
      expect((await api.call('PATCH', `/v1/endpoints/${endpoint}`, undefined, { raw: `{"timeoutMs":${number}}` })).status).toBe(422);
    },
  );
});

describe('text of every kind', () => {
  it('in data passes through: escaped surrogates, NUL, markup', async () => {
    const data = '"\\ud800 \\u0000 \\udfff </script> \\u2028 \u2028 \u{1f4ef}"';
    expect((await postRaw(events, `{"type":"a","id":"text","data":${data}}`)).status).toBe(202);
    expect(await storedBody(api, 'text')).toContain(`"data":${data}}`);
  });

  it('that looks like SQL is stored and matched as plain text', async () => {
    const sql = `'; drop table tenants; -- \\'; $1 "x" %s`;
    expect((await api.post('/v1/tenants', { name: sql, id: 'sql', metadata: { [sql]: sql } })).status).toBe(201);
    expect((await api.get('/v1/tenants/sql')).body).toMatchObject({ name: sql, metadata: { [sql]: sql } });
    for (const filter of ['type', 'tenant', 'status', 'cursor', 'endpoint', 'since'])
      expect([404, 422], filter).toContain((await api.get(`/v1/deliveries?${filter}=${encodeURIComponent(sql)}`)).status);
    expect((await api.get(`/v1/tenants/${encodeURIComponent(sql)}`)).status).toBe(404);
  });

  it('with a byte order mark is read without it', async () => {
    expect((await postRaw(events, '\ufeff{"type":"a","id":"bom","data":1}')).status).toBe(202);
    expect(await storedBody(api, 'bom')).toMatch(/^\{"type"/);
    expect((await postRaw(events, '\ufeff\ufeff{"type":"a","data":1}')).status).toBe(400);
  });

  it.each<[string, number[]]>([
    ['half a pair as bytes', [0xed, 0xa0, 0x80]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
    ['a cut character', [0xe2, 0x82]],
  ])('that is not UTF-8 (%s) is 400, in data too', async (_, bytes) => {
    const raw = Buffer.concat([Buffer.from('{"type":"a","data":"'), Buffer.from(bytes), Buffer.from('"}')]);
    expect((await postRaw(events, raw)).status).toBe(400);
  });
});

describe('oversized input', () => {
  it.each<[string, string, object]>([
    ['types', '/v1/tenants/acme/endpoints', { url, eventTypes: Array.from({ length: 9_000 }, () => '!') }],
    ['channels', '/v1/tenants/acme/endpoints', { url, channels: Array.from({ length: 6_000 }, (_, n) => `c${n}`) }],
    [
      'headers',
      '/v1/tenants/acme/endpoints',
      { url, headers: Object.fromEntries(Array.from({ length: 3_000 }, (_, n) => [`x ${n}`, 'v\n'])) },
    ],
    ['metadata', '/v1/tenants', { name: 'x', metadata: Object.fromEntries(Array.from({ length: 3_000 }, (_, n) => [`k${n}`, 'v'])) }],
    ['unknown fields', '/v1/tenants', Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`k${n}`, 1]))],
    ['a secret of equals signs', '/v1/tenants/acme/endpoints', { url, secret: `whsec_${'='.repeat(60_000)}x` }],
    ['channels of an event', events, { type: 'a', data: 1, channels: Array.from({ length: 50_000 }, () => '') }],
    ['malformed events', `${events}/batch`, { events: Array.from({ length: 1_000 }, () => ({ a: 1, b: 2 })) }],
  ])('%s: 422, in an answer of bounded size', async (_, path, body) => {
    const answer = await api.post(path, body);
    expect(answer.status).toBe(422);
    expect(answer.body.errors.length).toBeLessThanOrEqual(100);
    expect(JSON.stringify(answer.body).length).toBeLessThan(40_000);
  });

  it.each([
    ['a long type', `type=${'a'.repeat(10_000)}`],
    ['a long cursor', `cursor=${'A'.repeat(10_000)}`],
    ['many names', Array.from({ length: 1_500 }, (_, n) => `k${n}=1`).join('&')],
    ['one name many times', 'limit=1&'.repeat(1_500)],
  ])('a filter of %s: 422', async (_, query) => {
    const answer = await api.get(`/v1/deliveries?${query}`);
    expect(answer.status).toBe(422);
    expect(JSON.stringify(answer.body).length).toBeLessThan(40_000);
  });

  it('a Content-Type that looks like JSON for 15 KB: 415', async () => {
    const type = `application/json;charset="utf8"${'\t'.repeat(15_000)}x`;
    expect((await postRaw(events, '{"type":"a","data":1}', { 'content-type': type })).status).toBe(415);
  });
});

describe('an encoded body', () => {
  const plain = JSON.stringify({ type: 'a', data: 1 });
  it.each(['gzip', 'deflate', 'br', 'zstd', 'x-gzip', 'gzip, gzip', 'compress', 'identity, gzip'])(
    'with %s is 415 and not read: no request body is decompressed',
    async (encoding) => {
      for (const raw of [gzipSync(plain), Buffer.from(plain)])
        expect((await postRaw(events, raw, { 'content-encoding': encoding })).status).toBe(415);
    },
  );
});

it('leaves no failure in the log', () => {
  expect(api.logLines.filter(({ level }) => level >= 50)).toEqual([]);
});
