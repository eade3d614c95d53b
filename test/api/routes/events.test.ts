// Events: post them, alone and in batches, and read them.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiServer, apiKey, startApi } from '../api-server.ts';
import { planned } from '../deliveries-at-hand.ts';
import { listed } from '../listed.ts';
import { storedBody } from '../stored-body.ts';

let api: ApiServer;
const url = 'http://127.0.0.1:9/hook';

beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

describe('events', () => {
  it('are accepted once for each id and content', async () => {
    const tenant = await api.makeTenant();
    const path = `/v1/tenants/${tenant}/events`;
    const event = { id: 'e1', type: 'a', data: { n: 1 }, channels: ['x', 'y'] };
    expect(await api.post(path, event)).toMatchObject({ status: 202, body: { id: 'e1', duplicate: false } });
    expect(await api.post(path, { ...event, channels: ['y', 'x'] })).toMatchObject({ status: 202, body: { id: 'e1', duplicate: true } });
    for (const change of [
      { data: { n: 2 } },
      { type: 'b' },
      { channels: ['x'] },
      { version: 1 },
      { orderingKey: 'k' },
      { occurredAt: '2026-01-01T00:00:00Z' },
    ]) {
      expect(await api.post(path, { ...event, ...change })).toMatchObject({ status: 409, body: { errors: [{ path: 'id' }] } });
    }
    expect((await api.post(`/v1/tenants/${await api.makeTenant()}/events`, event)).body).toEqual({ id: 'e1', duplicate: false });
  });

  it('are compared byte for byte in data and by value in other fields, as the 409 says', async () => {
    const tenant = await api.makeTenant();
    const post = (raw: string, path = '') => api.call('POST', `/v1/tenants/${tenant}/events${path}`, undefined, { raw });
    expect((await post('{"id":"b","type":"a","data":{"n":1.0},"occurredAt":"2026-01-01T00:00:00Z"}')).status).toBe(202);
    const same = await post('{ "occurredAt": "2026-01-01T01:00:00+01:00", "data":{"n":1.0} , "type":"\\u0061","id":"b" }');
    expect(same).toMatchObject({ status: 202, body: { duplicate: true } });
    for (const data of ['{"n": 1.0}', '{"n":1}', '{"\\u006e":1.0}']) {
      const event = `{"id":"b","type":"a","data":${data},"occurredAt":"2026-01-01T00:00:00Z"}`;
      const other = await post(event);
      expect(other).toMatchObject({ status: 409, body: { detail: expect.stringContaining('`data` is compared byte for byte') } });
      expect((await post(`{"events":[${event}]}`, '/batch')).body.results).toEqual([{ id: 'b', duplicate: false, conflict: true }]);
    }
  });

  it('posted twice concurrently with the same id become one', async () => {
    const tenant = await api.makeTenant();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => api.post(`/v1/tenants/${tenant}/events`, { id: 'same', type: 'a', data: 1 })),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 202));
    expect(answers.filter(({ body }) => !body.duplicate)).toHaveLength(1);
  });

  it('in a batch get one result each', async () => {
    const tenant = await api.makeTenant();
    await api.postEvent(tenant, { id: 'old', data: 1 });
    const events = [
      { type: 'order.created', data: 1, id: 'old' },
      { type: 'order.created', data: 2, id: 'old' },
      { type: 'order.created', data: 1, id: 'new' },
      { type: 'order.created', data: 1, id: 'new' },
      { type: 'order.created', data: 3, id: 'new' },
      { type: 'order.created', data: 3 },
    ];
    const { status, body } = await api.post(`/v1/tenants/${tenant}/events/batch`, { events });
    expect(status).toBe(202);
    expect(body.results).toEqual([
      { id: 'old', duplicate: true },
      { id: 'old', duplicate: false, conflict: true },
      { id: 'new', duplicate: false },
      { id: 'new', duplicate: true },
      { id: 'new', duplicate: false, conflict: true },
      { id: expect.stringMatching(/^evt_[0-9a-f]{32}$/), duplicate: false },
    ]);
    expect((await listed(api, `/v1/tenants/${tenant}/events`)).toSorted()).toEqual([body.results[5].id, 'new', 'old'].toSorted());
  });

  it.each([
    ['large and small numbers', '{"n":12345678901234567890.10, "m": 1e400,\t"o":-0}'],
    ['NUL and half pairs, escaped', '"\\u0000 \\ud800"'],
    ['text of many alphabets', '"日本語 👩‍🚀 \\u00e9"'],
    ['duplicate keys', '{"a":1,"a":2}'],
    ['a literal', 'null'],
  ])('pass %s through byte for byte', async (_, data) => {
    const tenant = await api.makeTenant();
    const one = await api.call('POST', `/v1/tenants/${tenant}/events`, undefined, { raw: `{"data": ${data} ,"type":"a"}` });
    const two = await api.call('POST', `/v1/tenants/${tenant}/events/batch`, undefined, {
      raw: `{ "events" : [ {"data":${data},"type":"a"}]}`,
    });
    for (const id of [one.body.id, two.body.results[0].id]) {
      const { rows } = await api.db.query('select body_timestamp from events where external_id = $1', [id]);
      expect(await storedBody(api, id)).toBe(`{"type":"a","timestamp":"${rows[0].body_timestamp}","data":${data}}`);
      const response = await fetch(`${api.origin}/v1/tenants/${tenant}/events/${id}`, { headers: { authorization: `Bearer ${apiKey}` } });
      expect((await response.text()).endsWith(`,"data":${data}}`)).toBe(true);
    }
  });

  it('show why each endpoint did or did not get them', async () => {
    const tenant = await api.makeTenant();
    const make = async (more: object) => (await api.makeEndpoint(tenant, url, more)).id;
    const [all, others, elsewhere, gone, waiting] = [
      await make({}),
      await make({ eventTypes: ['invoice.*'] }),
      await make({ channels: ['us'] }),
      await make({}),
      await make({}),
    ];
    const event = await api.postEvent(tenant, {
      id: 'e',
      channels: ['eu'],
      orderingKey: 'k',
      version: 3,
      occurredAt: '2026-01-01T02:00:00+02:00',
    });
    const [delivery = ''] = await planned(api, tenant, event, [all]);
    const later = await make({});
    await api.call('DELETE', `/v1/endpoints/${gone}`);
    const { body } = await api.get(`/v1/tenants/${tenant}/events/${event}`);
    expect(body).toMatchObject({
      id: 'e',
      tenant,
      type: 'order.created',
      channels: ['eu'],
      orderingKey: 'k',
      version: 3,
      timestamp: '2026-01-01T00:00:00.000Z',
      data: { n: 1 },
    });
    expect(body.endpoints).toEqual([
      { endpoint: all, verdict: 'wanted', delivery },
      { endpoint: others, verdict: 'event_type_not_subscribed', delivery: null },
      { endpoint: elsewhere, verdict: 'channel_not_subscribed', delivery: null },
      { endpoint: gone, verdict: 'deleted', delivery: null },
      { endpoint: waiting, verdict: 'wanted', delivery: null },
      { endpoint: later, verdict: 'created_later', delivery: null },
    ]);
    expect(body.deliveries).toMatchObject([{ id: delivery, event: 'e', endpoint: all, status: 'pending' }]);
    expect(body).toMatchObject({ moreDeliveries: false, moreEndpoints: false });
  });
});
