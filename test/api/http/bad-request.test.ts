// Invalid paths, queries and keys: the right problem document, and nothing is stored.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiServer, apiKey, startApi } from '../api-server.ts';

let api: ApiServer;
const unknownEndpoint = 'ep_0199c8f0000070008000000000000000';
const unknownDelivery = 'dlv_0199c8f0000070008000000000000000';
const event = { type: 'order.created', data: 1 };
const events = '/v1/tenants/acme/events';
const url = 'https://example.com/';

beforeAll(async () => {
  api = await startApi();
  await api.makeTenant('acme');
});
afterAll(() => api.close());

describe('an invalid path or query', () => {
  it.each<[string, string, number, string, unknown?]>([
    ['an unknown tenant', 'GET', 404, '/v1/tenants/nobody'],
    ['an event for an unknown tenant', 'POST', 404, '/v1/tenants/nobody/events', event],
    ['a batch for an unknown tenant', 'POST', 404, '/v1/tenants/nobody/events/batch', { events: [event] }],
    ['an endpoint for an unknown tenant', 'POST', 404, '/v1/tenants/nobody/endpoints', { url }],
    ['endpoints of an unknown tenant', 'GET', 404, '/v1/tenants/nobody/endpoints'],
    ['events of an unknown tenant', 'GET', 404, '/v1/tenants/nobody/events'],
    ['deliveries of an unknown tenant', 'GET', 404, '/v1/deliveries?tenant=nobody'],
    ['an unknown event', 'GET', 404, `${events}/nothing`],
    ['an unknown endpoint', 'GET', 404, `/v1/endpoints/${unknownEndpoint}`],
    ['a change of an unknown endpoint', 'PATCH', 404, `/v1/endpoints/${unknownEndpoint}`, { description: 'x' }],
    ['an empty change of an unknown endpoint', 'PATCH', 404, `/v1/endpoints/${unknownEndpoint}`, {}],
    ['deletion of an unknown endpoint', 'DELETE', 404, `/v1/endpoints/${unknownEndpoint}`],
    ['pause of an unknown endpoint', 'POST', 404, `/v1/endpoints/${unknownEndpoint}/pause`],
    ['resume of an unknown endpoint', 'POST', 404, `/v1/endpoints/${unknownEndpoint}/resume`],
    ['rotation of an unknown endpoint', 'POST', 404, `/v1/endpoints/${unknownEndpoint}/rotate-secret`],
    ['a test of an unknown endpoint', 'POST', 404, `/v1/endpoints/${unknownEndpoint}/test`],
    ['the lane of an unknown endpoint', 'GET', 404, `/v1/endpoints/${unknownEndpoint}/lane`],
    ['skip-head of an unknown endpoint', 'POST', 404, `/v1/endpoints/${unknownEndpoint}/skip-head`],
    ['an unknown delivery', 'GET', 404, `/v1/deliveries/${unknownDelivery}`],
    ['attempts of an unknown delivery', 'GET', 404, `/v1/deliveries/${unknownDelivery}/attempts`],
    ['replay of an unknown delivery', 'POST', 404, `/v1/deliveries/${unknownDelivery}/replay`],
    ['an id of another kind', 'GET', 404, `/v1/deliveries/${unknownEndpoint}`],
    ['a malformed id', 'GET', 404, '/v1/endpoints/1;drop'],
    ['NUL in an id', 'GET', 404, '/v1/tenants/a%00b'],
    ['a path that is not UTF-8', 'GET', 400, '/v1/tenants/%ff'],
    ['an unknown path', 'GET', 404, '/v1/nothing'],
    ['an unknown path outside /v1', 'GET', 404, '/nothing'],
    ['a method that is not allowed', 'PUT', 405, '/v1/tenants'],
    ['deletion of a list', 'DELETE', 405, '/v1/deliveries'],
    ['a bad cursor', 'GET', 422, '/v1/tenants?cursor=rubbish'],
    ["another list's cursor", 'GET', 422, `/v1/tenants?cursor=${Buffer.from(unknownEndpoint).toString('base64url')}`],
    ['a limit too high', 'GET', 422, '/v1/tenants?limit=251'],
    ['a limit of zero', 'GET', 422, '/v1/tenants?limit=0'],
    ['a limit that is no number', 'GET', 422, '/v1/tenants?limit=ten'],
    ['a duplicate limit', 'GET', 422, '/v1/tenants?limit=1&limit=2'],
    ['an unknown parameter', 'GET', 422, '/v1/tenants?colour=red'],
    ['an unknown parameter where there are none', 'GET', 422, '/v1/tenants/acme?colour=red'],
    ['an unknown parameter of a lane', 'GET', 422, `/v1/endpoints/${unknownEndpoint}/lane?colour=red`],
    ['an unknown status', 'GET', 422, '/v1/deliveries?status=lost'],
    ['a bad time', 'GET', 422, '/v1/deliveries?since=yesterday'],
    ['a bad endpoint filter', 'GET', 422, '/v1/deliveries?endpoint=mine'],
    ['NUL in a filter', 'GET', 422, '/v1/deliveries?type=a%00'],
  ])('%s: %s is %i', async (_, method, status, path, body) => {
    const answer = await api.call(method, path, body);
    expect(answer).toMatchObject({ status, body: { status } });
    if (status === 422) expect(answer.body.errors[0].path).toMatch(/^(cursor|limit|colour|status|since|endpoint|type)/);
    if (status === 405) expect(answer.headers.get('allow')).toBeTruthy();
  });
});

describe('a caller', () => {
  it.each([
    ['no key', {}],
    ['another key', { authorization: 'Bearer wrong-key-0123456789' }],
    ['another scheme', { authorization: `Basic ${apiKey}` }],
    ['the key without a scheme', { authorization: apiKey }],
    ['a key and more', { authorization: `Bearer ${apiKey} x` }],
  ])('with %s gets 401 before anything else is checked', async (_, headers) => {
    for (const path of ['/v1/tenants', '/v1/nothing', '/v1/deliveries?cursor=rubbish']) {
      const answer = await api.call('GET', path, undefined, { key: null, headers: headers as Record<string, string> });
      expect(answer).toMatchObject({ status: 401, body: { status: 401 } });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    }
    const posted = await api.call('POST', events, undefined, { key: null, headers: headers as Record<string, string>, raw: 'rubbish' });
    expect(posted.status).toBe(401);
  });

  it.each(['', ' ', 'a b', 'x'.repeat(256)])('with the Idempotency-Key %j gets 422', async (key) => {
    const answer = await api.post('/v1/tenants', { name: 'x' }, { headers: { 'idempotency-key': key } });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ path: 'Idempotency-Key' }] } });
  });
});
