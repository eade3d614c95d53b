// GET /v1/event-types/{type}/fixtures: for every key, of any version that has examples.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApi } from '../../support/api.ts';
import { type ApiServer, startApi } from '../api-server.ts';

let api: ApiServer;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

it('gives the examples of a version as signed requests, to a key of a tenant too', async () => {
  await api.post('/v1/event-types', { name: 'order.created', schema: { type: 'object' }, examples: [{ orderId: '1' }] });
  await api.post('/v1/event-types/order.created/versions', { schema: { type: 'object' }, examples: [{ orderId: '2' }, { orderId: '3' }] });
  const { body } = await api.post('/v1/api-keys', { name: 'reader', scopes: ['deliveries:read'], tenant: await api.makeTenant() });
  const { get } = createApi(api.origin, body.key);
  const { status, body: current } = await get('/v1/event-types/order.created/fixtures');
  expect([status, current.version, current.secret]).toEqual([200, 2, expect.stringMatching(/^whsec_/)]);
  const bodyOf = (name: string) => JSON.parse(current.data.find((one: { name: string }) => one.name === name).request.body);
  expect([bodyOf('valid').data, bodyOf('valid_2')]).toMatchObject([{ orderId: '2' }, { type: 'order.created', data: { orderId: '3' } }]);
  const first = (await get('/v1/event-types/order.created/fixtures?version=1')).body;
  expect([first.version, JSON.parse(first.data[0].request.body).data]).toEqual([1, { orderId: '1' }]);
  expect((await get('/v1/event-types/order.created/fixtures')).body).toEqual(current);
});

it('says what is missing', async () => {
  await api.post('/v1/event-types', { name: 'bare.type' });
  await api.post('/v1/event-types', { name: 'secret.type', visibility: 'internal', schema: {}, examples: [1] });
  const { body } = await api.post('/v1/api-keys', { name: 'reader', scopes: ['deliveries:read'], tenant: await api.makeTenant() });
  expect(await api.get('/v1/event-types/bare.type/fixtures')).toMatchObject({
    status: 409,
    body: { detail: expect.stringContaining('no example') },
  });
  expect((await api.get('/v1/event-types/nothing.here/fixtures')).status).toBe(404);
  expect((await api.get('/v1/event-types/secret.type/fixtures?version=7')).status).toBe(404);
  expect((await api.get('/v1/event-types/secret.type/fixtures?version=one')).body).toMatchObject({
    status: 422,
    errors: [{ path: 'version' }],
  });
  expect((await createApi(api.origin, body.key).get('/v1/event-types/secret.type/fixtures')).status).toBe(404);
});
