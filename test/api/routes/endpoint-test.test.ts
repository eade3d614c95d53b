// POST …/test waits for the attempt of its test event.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uuidOf } from '#domain/ids';
import { until } from '../../support/until.ts';
import { type ApiServer, startApi } from '../api-server.ts';
import { attempted, planned } from '../deliveries-at-hand.ts';

let api: ApiServer;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

it('a producer cannot post an event that looks like a test, alone or in a batch', async () => {
  const tenant = await api.makeTenant();
  const event = { id: 'test_1', type: 'order.created', data: {} };
  expect(await api.post(`/v1/tenants/${tenant}/events`, event)).toMatchObject({ status: 422, body: { errors: [{ path: 'id' }] } });
  const batch = await api.post(`/v1/tenants/${tenant}/events/batch`, { events: [{ ...event, id: 'tested' }, event] });
  expect(batch).toMatchObject({ status: 422, body: { errors: [{ path: 'events[1].id' }] } });
});

describe('a test of an endpoint', () => {
  async function testing(body: object, result: Parameters<typeof attempted>[3]) {
    const tenant = await api.makeTenant();
    const { id } = await api.makeEndpoint(tenant, 'http://127.0.0.1:9/hook', { eventTypes: ['never.*'] });
    const answer = api.post(`/v1/endpoints/${id}/test`, body);
    const event = await until('the event', async () => (await api.get(`/v1/tenants/${tenant}/events`)).body.data[0]);
    expect(event).toMatchObject({ onlyEndpoint: id, id: expect.stringMatching(/^test_[0-9a-f]{32}$/) });
    const [delivery = ''] = await planned(api, tenant, event.id, [id]);
    await attempted(api, delivery, 1, result);
    return { answer: await answer, event, delivery, tenant };
  }

  it('answers with its one attempt', async () => {
    const { answer, delivery } = await testing(
      {},
      { response: { statusCode: 204, headers: [], bodyStart: Buffer.from('ok'), bodyTruncated: false } },
    );
    expect(answer).toMatchObject({
      status: 200,
      body: { delivery: { id: delivery, status: 'succeeded' }, attempt: { outcome: 'accepted', status: 204, body: 'ok' } },
    });
  });

  async function heldTest(settings: object, columns: string) {
    const tenant = await api.makeTenant();
    const { id } = await api.makeEndpoint(tenant, 'http://127.0.0.1:9/hook', settings);
    await api.db.query(`update endpoints set ${columns} where id = $1`, [id.slice(3)]);
    const answer = api.post(`/v1/endpoints/${id}/test`);
    const event = await until('the event', async () => (await api.get(`/v1/tenants/${tenant}/events`)).body.data[0]);
    return { id, answer, plan: async () => (await planned(api, tenant, event.id, [id]))[0] ?? '' };
  }

  it('is sent before all held deliveries during a Retry-After, even to an ordered endpoint', async () => {
    const { answer, plan } = await heldTest({ ordering: 'endpoint' }, `not_before = now() + interval '1 hour'`);
    const delivery = await plan();
    await until('it to be asked for', async () => {
      const { rows } = await api.db.query('select hurried and position is null as first from deliveries where id = $1', [uuidOf(delivery)]);
      return rows[0]?.first;
    });
    await attempted(api, delivery, 1, {});
    expect(await answer).toMatchObject({ status: 200, body: { delivery: { status: 'succeeded' }, attempt: { outcome: 'accepted' } } });
  });

  it('is cancelled and gets 409 with the reason if the endpoint is paused before it is sent', async () => {
    const { id, answer, plan } = await heldTest({}, `not_before = now() + interval '1 hour'`);
    await api.post(`/v1/endpoints/${id}/pause`);
    const delivery = await plan();
    expect(await answer).toMatchObject({ status: 409, body: { detail: 'The endpoint is paused. Resume it first.' } });
    expect((await api.get(`/v1/deliveries/${delivery}`)).body.status).toBe('cancelled');
  });

  it('is not retried when it is refused', async () => {
    const { answer, event, tenant } = await testing({ type: 'order.created', data: { n: 1 } }, { outcome: 'timeout', message: 'too slow' });
    expect(answer).toMatchObject({
      status: 200,
      body: { delivery: { status: 'cancelled', lastOutcome: 'timeout' }, attempt: { outcome: 'timeout', message: 'too slow' } },
    });
    expect((await api.get(`/v1/tenants/${tenant}/events/${event.id}`)).body).toMatchObject({ type: 'order.created', data: { n: 1 } });
  });
});
