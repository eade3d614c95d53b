// Invalid bodies of every kind: the problem document names the field, and nothing is stored.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiServer, startApi } from '../api-server.ts';

let api: ApiServer;
let endpoint: string;

beforeAll(async () => {
  api = await startApi();
  await api.makeTenant('acme');
  endpoint = (await api.makeEndpoint('acme', 'http://127.0.0.1:9/hook')).id;
});
afterAll(() => api.close());

const event = { type: 'order.created', data: 1 };
const events = '/v1/tenants/acme/events';
const url = 'https://example.com/';
const inAnHour = new Date(Date.now() + 3_600_000).toISOString();

describe('an invalid body', () => {
  it.each<[string, string, string, unknown, string[]]>([
    ['a tenant without a name', 'POST', '/v1/tenants', {}, ['name']],
    ['an unknown field', 'POST', '/v1/tenants', { name: 'x', colour: 'red', __proto_: 1 }, ['colour', '__proto_']],
    ['a bad tenant id', 'POST', '/v1/tenants', { name: 'x', id: 'a/b' }, ['id']],
    ['a tenant id of one dot', 'POST', '/v1/tenants', { name: 'x', id: '.' }, ['id']],
    ['a tenant id of two dots', 'POST', '/v1/tenants', { name: 'x', id: '..' }, ['id']],
    ['an event id of two dots', 'POST', events, { ...event, id: '..' }, ['id']],
    ['an event type of two dots', 'POST', events, { ...event, type: '..' }, ['type']],
    ['a subject of two dots', 'POST', events, { ...event, subject: '..' }, ['subject']],
    ['an item id of one dot', 'POST', `${events}/batch`, { events: [{ ...event, id: '.' }] }, ['events[0].id']],
    ['a key for a tenant of two dots', 'POST', '/v1/api-keys', { name: 'x', scopes: ['admin'], tenant: '..' }, ['tenant']],
    ['a link for a tenant of two dots', 'POST', '/v1/portal-links', { tenant: '..' }, ['tenant']],
    ['a negative maxEndpoints', 'POST', '/v1/tenants', { name: 'x', maxEndpoints: -1 }, ['maxEndpoints']],
    ['NUL in a name', 'POST', '/v1/tenants', { name: 'a\0b' }, ['name']],
    ['half a surrogate pair in a name', 'POST', '/v1/tenants', { name: 'a\ud800b' }, ['name']],
    ['NUL in a key of metadata', 'POST', '/v1/tenants', { name: 'a', metadata: { 'a\0': 'b' } }, ['metadata.a\0']],
    ['NUL in metadata', 'POST', '/v1/tenants', { name: 'a', metadata: { a: '\0' } }, ['metadata.a']],
    ['a change of the id', 'PATCH', '/v1/tenants/acme', { id: 'other' }, ['id']],
    ['an array', 'POST', '/v1/tenants', [], ['']],
    ['a number', 'POST', '/v1/tenants', 1, ['']],
    ['null', 'POST', '/v1/tenants', null, ['']],
    ['an endpoint without URL', 'POST', '/v1/tenants/acme/endpoints', {}, ['url']],
    ['a malformed URL', 'POST', '/v1/tenants/acme/endpoints', { url: 'nonsense' }, ['url']],
    ['a URL with another scheme', 'POST', '/v1/tenants/acme/endpoints', { url: 'ftp://example.com/' }, ['url']],
    ['plain http to a public address', 'POST', '/v1/tenants/acme/endpoints', { url: 'http://93.184.216.34/' }, ['url']],
    ['credentials in the URL', 'POST', '/v1/tenants/acme/endpoints', { url: 'https://a:b@example.com/' }, ['url']],
    ['a private address', 'POST', '/v1/tenants/acme/endpoints', { url: 'https://10.0.0.1/' }, ['url']],
    ['a private address in hex', 'POST', '/v1/tenants/acme/endpoints', { url: 'https://0x0a000001/' }, ['url']],
    ['a mapped private address', 'POST', '/v1/tenants/acme/endpoints', { url: 'https://[::ffff:10.0.0.1]/' }, ['url']],
    ['the metadata service', 'POST', '/v1/tenants/acme/endpoints', { url: 'https://169.254.169.254/' }, ['url']],
    ['a URL that would be repaired', 'POST', '/v1/tenants/acme/endpoints', { url: 'https://example.com/a/../b' }, ['url']],
    [
      'a token URL that would be repaired',
      'POST',
      '/v1/tenants/acme/endpoints',
      { url, auth: { type: 'oauth2', tokenUrl: 'https://example.com/{tenant}', clientId: 'a', clientSecret: 'b' } },
      ['auth.tokenUrl'],
    ],
    ['NUL in the URL', 'POST', '/v1/tenants/acme/endpoints', { url: 'https://example.com/\0' }, ['url']],
    ['event types that are no array', 'POST', '/v1/tenants/acme/endpoints', { url, eventTypes: 'order.*' }, ['eventTypes']],
    ['a bad pattern among good ones', 'POST', '/v1/tenants/acme/endpoints', { url, eventTypes: ['a', '*.b'] }, ['eventTypes[1]']],
    ['a reserved header', 'POST', '/v1/tenants/acme/endpoints', { url, headers: { 'Webhook-Id': 'x' } }, ['headers.Webhook-Id']],
    ['a header with a line break', 'POST', '/v1/tenants/acme/endpoints', { url, headers: { a: 'x\r\ny: z' } }, ['headers.a']],
    ['a bad wait', 'POST', '/v1/tenants/acme/endpoints', { url, retry: { schedule: ['1m', 'soon'] } }, ['retry.schedule[1]']],
    ['a secret too short', 'POST', '/v1/tenants/acme/endpoints', { url, secret: 'whsec_YWJj' }, ['secret']],
    ['a time that is null', 'POST', events, { ...event, deliverAt: null }, ['deliverAt']],
    ['an expiry that is not after deliverAt', 'POST', events, { ...event, deliverAt: inAnHour, expiresAt: inAnHour }, ['expiresAt']],
    ['an event without type', 'POST', events, { data: 1 }, ['type']],
    ['an event without data', 'POST', events, { type: 'a' }, ['data']],
    ['a bad type', 'POST', events, { ...event, type: 'order created' }, ['type']],
    ['NUL in a type', 'POST', events, { ...event, type: 'a\0' }, ['type']],
    ['a bad id', 'POST', events, { ...event, id: 'a b' }, ['id']],
    ['a bad channel', 'POST', events, { ...event, channels: ['ok', 'not ok'] }, ['channels[1]']],
    ['an unknown field of an event', 'POST', events, { ...event, payload: 1 }, ['payload']],
    ['a bad time', 'POST', events, { ...event, occurredAt: 'yesterday' }, ['occurredAt']],
    ['a time without zone', 'POST', events, { ...event, occurredAt: '2026-01-01T00:00:00' }, ['occurredAt']],
    ['the year 0', 'POST', events, { ...event, deliverAt: '0000-01-01T00:00:00Z' }, ['deliverAt']],
    ['later than 30 days', 'POST', events, { ...event, deliverAt: '2999-01-01T00:00:00Z' }, ['deliverAt']],
    ['expired', 'POST', events, { ...event, expiresAt: '2020-01-01T00:00:00Z' }, ['expiresAt']],
    ['an empty batch', 'POST', `${events}/batch`, { events: [] }, ['events']],
    ['a batch that is no array', 'POST', `${events}/batch`, { events: {} }, ['events']],
    ['a batch of too many', 'POST', `${events}/batch`, { events: Array.from({ length: 1_001 }, () => event) }, ['events']],
    [
      'a bad item',
      'POST',
      `${events}/batch`,
      { events: [event, { ...event, type: '!' }, { data: 1 }, 7] },
      ['events[1].type', 'events[2].type', 'events[3]'],
    ],
    [
      'an item expired',
      'POST',
      `${events}/batch`,
      { events: [event, { ...event, expiresAt: '2020-01-01T00:00:00Z' }] },
      ['events[1].expiresAt'],
    ],
    ['an item too large', 'POST', `${events}/batch`, { events: [event, { ...event, data: 'x'.repeat(256 * 1024) }] }, ['events[1]']],
    ['a body for an operation without one', 'POST', '/v1/endpoints/:endpoint/pause', { for: 'ever' }, ['for']],
    ['an overlap too long', 'POST', '/v1/endpoints/:endpoint/rotate-secret', { overlap: '8d' }, ['overlap']],
    ['a test of a bad type', 'POST', '/v1/endpoints/:endpoint/test', { type: '' }, ['type']],
    ['a private URL on change', 'PATCH', '/v1/endpoints/:endpoint', { url: 'https://192.168.0.1/' }, ['url']],
  ])('%s is 422', async (_, method, path, body, paths) => {
    const answer = await api.call(method, path.replace(':endpoint', endpoint), body);
    expect(answer).toMatchObject({ status: 422, body: { status: 422, title: 'Unprocessable Entity' } });
    expect(answer.body.errors.map((error: { path: string }) => error.path)).toEqual(paths);
  });

  it.each<[string, string, string, string[]]>([
    ['a duplicate key', events, '{"type":"a","data":1,"type":"b"}', ['type']],
    ['duplicate data', events, '{"type":"a","data":1,"d\\u0061ta":2}', ['data']],
    ['a duplicate key in an item', `${events}/batch`, '{"events":[{"type":"a","data":1,"data":2}]}', ['events[0].data']],
    ['a key __proto__', events, '{"type":"a","data":1,"__proto__":{"id":"x"}}', ['__proto__']],
  ])('%s is 422', async (_, path, raw, paths) => {
    const answer = await api.call('POST', path, undefined, { raw });
    expect(answer.status).toBe(422);
    expect(answer.body.errors.map((error: { path: string }) => error.path)).toEqual(paths);
  });
});

describe('a body that is no JSON, too large or of another type', () => {
  const raw = (text: string | Uint8Array, headers: Record<string, string> = {}) => ({ raw: text, headers });
  it.each<[string, number, string, { raw?: string | Uint8Array; headers?: Record<string, string> }]>([
    ['broken JSON', 400, events, raw('{"type":')],
    ['two values', 400, events, raw('{} {}')],
    ['a bare word', 400, events, raw('NaN')],
    ['broken UTF-8', 400, events, raw(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d))],
    ['UTF-16', 400, events, raw(Buffer.from(JSON.stringify(event), 'utf16le'))],
    ['no body', 400, events, {}],
    ['an event too large', 413, events, raw(JSON.stringify({ ...event, data: 'x'.repeat(256 * 1024) }))],
    ['a batch too large', 413, `${events}/batch`, raw(JSON.stringify({ events: [{ ...event, data: 'x'.repeat(10 * 1024 * 1024) }] }))],
    ['a tenant too large', 413, '/v1/tenants', raw(JSON.stringify({ name: 'x'.repeat(64 * 1024) }))],
    ['plain text', 415, events, raw(JSON.stringify(event), { 'content-type': 'text/plain' })],
    ['another charset', 415, events, raw(JSON.stringify(event), { 'content-type': 'application/json; charset=latin1' })],
    ['a form', 415, '/v1/tenants', raw('name=x', { 'content-type': 'application/x-www-form-urlencoded' })],
    ['an encoding', 415, events, raw(JSON.stringify(event), { 'content-encoding': 'gzip' })],
  ])('%s is %i', async (_, status, path, options) => {
    const answer = await api.call('POST', path, undefined, options);
    expect(answer).toMatchObject({ status, body: { type: 'about:blank', status, errors: [] } });
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.body.detail).toMatch(/^[A-Z].*\.$/);
  });

  it.each(['application/json; charset=UTF-8', 'Application/JSON;charset="utf-8"', 'application/json ;  charset = utf8 ;'])(
    '%s is fine',
    async (type) => {
      const headers = { 'content-type': type };
      expect((await api.call('POST', events, undefined, { raw: JSON.stringify(event), headers })).status).toBe(202);
    },
  );
});

it('none of it is stored', async () => {
  const { rows } = await api.db.query(
    `select (select count(*) from tenants) as tenants, (select count(*) from endpoints) as endpoints, (select count(*) from events) as events,
      (select count(*) from outbox) as outbox, (select count(*) from event_ids) as ids, (select count(*) from idempotency_keys) as keys`,
  );
  // the three events of "is fine"
  expect(rows[0]).toEqual({ tenants: 1, endpoints: 1, events: 3, outbox: 3, ids: 3, keys: 0 });
});

it('none of it is logged as a failure', () => {
  expect(api.logLines.filter(({ level }) => level >= 50)).toEqual([]);
});

it('a body that is no JSON, or too large, is told where or by how much', async () => {
  const detailOf = async (raw: string) => (await api.call('POST', events, undefined, { raw })).body.detail;
  expect(await detailOf('{"type":"a.b","data":1')).toMatch(/^The body is not valid JSON: .*position 22/);
  expect(await detailOf(JSON.stringify({ ...event, data: 'x'.repeat(400_000) }))).toMatch(
    /^The body is larger than [\d,]+ bytes, the limit of this operation\.$/,
  );
});
