// Test endpoints of a tenant: with the tenant's own key it makes one, sends events there, sees what
// arrived with the verdict on the signature, and checks it with a conformance run.
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { uuidOf } from '#domain/ids';
import { type Api, createApi } from '../support/api.ts';
import type { TestPosthorn } from '../support/posthorn.ts';
import { withPosthorn as it } from '../support/shared-posthorn.ts';
import { until } from '../support/until.ts';

let tenant: string;
let own: Api;

async function keyOf(posthorn: TestPosthorn): Promise<{ tenant: string; own: Api }> {
  const made = await posthorn.makeTenant();
  const { body } = await posthorn.post('/v1/api-keys', { name: 'own', tenant: made, scopes: ['admin'] });
  return { tenant: made, own: createApi(posthorn.origin, body.key) };
}
it.beforeAll(async ({ posthorn }) => {
  ({ tenant, own } = await keyOf(posthorn));
});
const sandboxOf = async (settings: object = {}) => {
  const { status, body } = await own.post(`/v1/tenants/${tenant}/sandbox-endpoints`, settings);
  expect([status, body]).toEqual([201, expect.anything()]);
  return body as { id: string; url: string; endpoint: string; secret: string; script: string };
};
const requestsOf = async (sandbox: string, query = '') => (await own.get(`/v1/sandbox-endpoints/${sandbox}/requests${query}`)).body.data;

it('records what was delivered, with the verdict and the answer, and answers by its script', async () => {
  const sandbox = await sandboxOf({
    name: 'Retries',
    script: '500,200',
    endpoint: { eventTypes: ['order.*'], signing: { schemes: ['v1a'] }, auth: { type: 'bearer', token: 'a-secret-token' } },
  });
  expect(sandbox).toMatchObject({ tenant, name: 'Retries', script: '500,200', secret: expect.any(String) });
  expect((await own.get(`/v1/endpoints/${sandbox.endpoint}`)).body).toMatchObject({ url: sandbox.url, eventTypes: ['order.*'] });
  const event = await own.postEvent(tenant, { data: { amount: 7 } });
  const other = await own.postEvent(tenant, { type: 'invoice.paid' });
  const requests = await until('both attempts', async () => {
    const found = await requestsOf(sandbox.id, `?webhookId=${event}`);
    return found.length === 2 && found;
  });
  expect(requests).toMatchObject([
    { webhookId: event, attempt: 2, signature: 'valid', statusAnswered: 200 },
    {
      webhookId: event,
      attempt: 1,
      signature: 'valid',
      statusAnswered: 500,
      headers: { 'webhook-id': event, 'posthorn-attempt': '1', authorization: 'Bearer ***' },
    },
  ]);
  expect(JSON.parse(requests[0].body)).toMatchObject({ type: 'order.created', data: { amount: 7 } });
  expect(requests[0].bodyBytes).toBe(Buffer.byteLength(requests[0].body));
  expect(await requestsOf(sandbox.id, `?webhookId=${other}`)).toEqual([]);
  // the body is encrypted in the store, and erased with its event
  expect((await own.call('DELETE', `/v1/tenants/${tenant}/events/${event}/content`)).status).toBe(204);
  expect(await requestsOf(sandbox.id)).toEqual([]);
});

it('tells a request that nobody signed from one that Posthorn signed, and knows no endpoint of another tenant', async ({ posthorn }) => {
  const sandbox = await sandboxOf();
  const post = (headers: Record<string, string>) => fetch(sandbox.url, { method: 'POST', body: '{}', headers });
  expect((await post({ 'webhook-id': 'evt_1' })).status).toBe(200);
  const theirs = await keyOf(posthorn);
  const { body: foreign } = await theirs.own.post(`/v1/tenants/${theirs.tenant}/sandbox-endpoints`);
  // both endpoints are known, but only one is the tenant's: either way the signature is checked with that one's secret
  for (const endpoint of [sandbox.endpoint, foreign.endpoint])
    await post({
      'webhook-id': endpoint,
      'webhook-timestamp': String(Math.floor(Date.now() / 1_000)),
      'webhook-signature': 'v1,AA==',
      'posthorn-endpoint': endpoint,
    });
  expect((await requestsOf(sandbox.id)).map(({ signature }: { signature: string }) => signature)).toEqual([
    'no_match',
    'no_match',
    'missing_header',
  ]);
  expect((await fetch(`${sandbox.url.slice(0, -4)}0000`, { method: 'POST', body: '{}' })).status).toBe(404);
  // the answer for the admin key does not mix with the open sandboxes
  expect((await posthorn.get(`/sandbox/${sandbox.id}`)).status).toBe(404);
});

it('is changed, cleared and deleted with its endpoint', async () => {
  const { id, endpoint, url } = await sandboxOf();
  expect((await own.call('PATCH', `/v1/sandbox-endpoints/${id}`, { script: '503;retry-after=1,418' })).body.script).toBe(
    '503;retry-after=1,418',
  );
  const post = async () => (await fetch(url, { method: 'POST', body: '{}', headers: { 'webhook-id': 'evt_1' } })).status;
  expect([await post(), await post(), await post()]).toEqual([503, 418, 418]);
  expect((await own.call('DELETE', `/v1/sandbox-endpoints/${id}/requests`)).status).toBe(204);
  expect([await requestsOf(id), await post()]).toEqual([[], 503]);
  expect((await own.get(`/v1/tenants/${tenant}/sandbox-endpoints`)).body.data.map((one: { id: string }) => one.id)).toContain(id);
  expect((await own.call('DELETE', `/v1/sandbox-endpoints/${id}`)).status).toBe(204);
  expect([await post(), (await own.get(`/v1/endpoints/${endpoint}`)).status]).toEqual([404, 404]);
});

it('refuses a bad script, bad settings and one too many, and stores nothing', async ({ posthorn }) => {
  const { tenant: crowded, own: api } = await keyOf(posthorn);
  const path = `/v1/tenants/${crowded}/sandbox-endpoints`;
  const problem = async (body: object) => {
    const { status, body: answered } = await api.post(path, body);
    return [status, answered.errors.map((one: { path: string }) => one.path)];
  };
  expect(await problem({ script: '200,banana' })).toEqual([422, ['script']]);
  expect(await problem({ endpoint: { url: 'https://example.com' } })).toEqual([422, ['endpoint.url']]);
  expect(await problem({ endpoint: { secret: 'whsec_too-short!' } })).toEqual([422, ['endpoint.secret']]);
  expect((await api.get(`/v1/tenants/${crowded}/endpoints`)).body.data).toEqual([]);
  const headers = { 'idempotency-key': randomUUID() };
  const [one, again] = [await api.post(path, {}, { headers }), await api.post(path, {}, { headers })];
  expect(again.body).toEqual(one.body);
  for (let made = 1; made < 20; made++) expect((await api.post(path)).status).toBe(201);
  expect((await api.post(path)).body).toMatchObject({ status: 409, detail: expect.stringContaining('20 test endpoints') });
  expect((await api.get(`/v1/tenants/${crowded}/endpoints`)).body.data).toHaveLength(20);
});

it('is checked by a conformance run, which leaves no delivery and no failure', async ({ posthorn }) => {
  const type = `checked.${randomUUID().slice(0, 8)}`;
  await posthorn.post('/v1/event-types', { name: type, schema: {}, examples: [{ fromTheCatalogue: true }] });
  const custom = { header: 'x-sig', algorithm: 'sha256', encoding: 'hex', signed: '{timestamp}.{body}', secretAs: 'text' };
  const signing = {
    schemes: ['v1', 'v1a'],
    custom: { ...custom, lead: 't={timestamp}', prefix: 'v1=', separator: ',' },
    messageSignatures: { algorithm: 'ed25519' },
  };
  const { endpoint, id } = await sandboxOf({ endpoint: { eventTypes: [type], signing } });
  const { status, body: report } = await own.post(`/v1/endpoints/${endpoint}/conformance`, { maxAnswerMs: 30_000 });
  // a sandbox accepts everything, also what it should refuse
  const failed = report.cases.filter((one: { verdict: string }) => one.verdict === 'failed').map((one: { case: string }) => one.case);
  expect([status, report.passed, failed]).toEqual([200, false, ['bad_signature', 'stale_time']]);
  expect((await own.get(`/v1/endpoints/${endpoint}/conformance`)).body).toEqual(report);
  const seen: { signature: string; body: string; webhookId: string }[] = await requestsOf(id, '?limit=250');
  const ofCase = (name: string) => {
    const ids = report.cases.find((one: { case: string }) => one.case === name).requests.map((one: { webhookId: string }) => one.webhookId);
    return seen.filter(({ webhookId }) => ids.includes(webhookId)).map(({ signature }) => signature);
  };
  expect(ofCase('bad_signature').sort()).toEqual(['missing_header', 'no_match', 'no_match']);
  expect(ofCase('stale_time').sort()).toEqual(['timestamp_too_new', 'timestamp_too_old']);
  for (const name of ['duplicate', 'reorder', 'slow', 'large', 'unknown_type', 'rotation', 'replay'])
    expect(new Set(ofCase(name)), name).toEqual(new Set(['valid']));
  expect(seen.find(({ webhookId }) => webhookId === report.control.requests[0].webhookId)?.body).toContain(
    '"data":{"fromTheCatalogue":true}',
  );
  expect(report.eventType).toBe(type);
  expect((await own.get(`/v1/deliveries?endpoint=${endpoint}`)).body.data).toEqual([]);
  const { rowCount } = await posthorn.database.db.query('select from endpoint_health where endpoint_id = $1', [uuidOf(endpoint)]);
  expect(rowCount).toBe(0);
});
