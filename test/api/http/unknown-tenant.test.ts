// A tenant or endpoint that a request names in its body or query and that does not exist: the answer names the field.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '#runtime/new-id';
import { type ApiServer, startApi } from '../api-server.ts';

let api: ApiServer;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

it.each([
  '/v1/deliveries?tenant=nobody',
  '/v1/undelivered?tenant=nobody',
  '/v1/replays?tenant=nobody',
  '/v1/alert-channels?tenant=nobody',
  '/v1/api-keys?tenant=nobody',
  '/v1/stream?tenant=nobody',
  '/v1/stats/endpoints?tenant=nobody',
  '/v1/audit-log?tenant=nobody',
])('GET %s names the tenant', async (path) => {
  expect(await api.get(path)).toMatchObject({ status: 404, body: { errors: [{ path: 'tenant', message: 'There is no such tenant.' }] } });
});

it('POST of a channel or key names the tenant, and the stream the endpoint', async () => {
  const channel = { kind: 'slack', settings: { url: 'https://hooks.slack.test/x' }, tenant: 'nobody' };
  for (const [path, body] of [
    ['/v1/alert-channels', channel],
    ['/v1/api-keys', { name: 'x', scopes: ['events:write'], tenant: 'nobody' }],
  ] as const)
    expect(await api.post(path, body)).toMatchObject({ status: 404, body: { errors: [{ path: 'tenant' }] } });
  expect(await api.get(`/v1/stream?endpoint=${newId('ep')}`)).toMatchObject({ status: 404, body: { errors: [{ path: 'endpoint' }] } });
});
