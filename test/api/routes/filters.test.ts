// Filters over HTTP: stored as they were given, refused with their place, tested without an endpoint, audited, and explained
// later, also after an erasure.
import { describe, expect, it } from 'vitest';
import { uuidOf } from '#domain/ids';
import { createApi } from '../../support/api.ts';
import { until } from '../../support/until.ts';
import { apiOfFile } from '../api-of-file.ts';
import { planned } from '../deliveries-at-hand.ts';

const { api, tenant } = await apiOfFile();
const url = 'http://127.0.0.1:9/hook';

const exact = '{"data.id":9007199254740993,"data.rate":{"$in":[0.10000000000000000000055,1e400]}}';

/** The JSON text of the endpoint. */
async function textOf(endpoint: string): Promise<string> {
  const response = await fetch(`${api.origin}/v1/endpoints/${endpoint}`, {
    headers: { authorization: 'Bearer test-key-0123456789abcdef' },
  });
  return response.text();
}

describe('the filter of an endpoint', () => {
  it('is stored and shown with its numbers as they were given, changed as a whole, and removed', async () => {
    const made = await api.post(`/v1/tenants/${tenant}/endpoints`, undefined, {
      raw: `{"url":"${url}","filter":${exact.replaceAll(':', ' : ')}}`,
    });
    expect(made.status).toBe(201);
    expect(await textOf(made.body.id)).toContain(`"filter":${exact}`);
    const { body } = await api.call('PATCH', `/v1/endpoints/${made.body.id}`, { description: 'other' });
    expect(body.filter['data.rate']).toBeDefined();
    expect(await textOf(made.body.id)).toContain(`"filter":${exact}`);
    const changed = await api.call('PATCH', `/v1/endpoints/${made.body.id}`, { filter: { 'data.amount': { $gte: 100 } } });
    expect(changed.body.filter).toEqual({ 'data.amount': { $gte: 100 } });
    const removed = await api.call('PATCH', `/v1/endpoints/${made.body.id}`, { filter: null });
    expect(removed.body.filter).toBeNull();
    expect((await api.makeEndpoint(tenant, url)) as object).toMatchObject({ filter: null });
  });

  it('is in the audit log as text, before and after', async () => {
    const endpoint = await api.makeEndpoint(tenant, url, { filter: { 'data.x': 1 } });
    await api.call('PATCH', `/v1/endpoints/${endpoint.id}`, undefined, { raw: `{"filter":{"data.id":9007199254740993}}` });
    const { body } = await api.get(`/v1/audit-log?tenant=${tenant}&limit=2`);
    expect(body.data[0]).toMatchObject({
      action: 'endpoint.change',
      before: { filter: '{"data.x":1}' },
      after: { filter: '{"data.id":9007199254740993}' },
    });
    expect(body.data[1]).toMatchObject({ action: 'endpoint.create', after: { filter: '{"data.x":1}' } });
  });

  it.each<[object | string, string, RegExp]>([
    [{ 'data.amount': { $gte: null } }, 'filter["data.amount"].$gte', /must be a number or a text/],
    [{ $or: [{ 'data.x': 1 }, { 'data.y': { $is: 1 } }] }, 'filter.$or[1]["data.y"].$is', /unknown operator/],
    [{ amount: 1 }, 'filter.amount', /unknown field: a path is/],
    [{}, 'filter', /at least one condition/],
    ['paid', 'filter', /expected record/],
    [{ 'data.x': 'y'.repeat(5_000) }, 'filter', /at most 4096 characters/],
  ])('%j is refused at %s, and nothing is stored', async (filter, path, message) => {
    const endpoint = await api.makeEndpoint(tenant, url, { filter: { 'data.x': 1 } });
    const before = (await api.get(`/v1/tenants/${tenant}/endpoints`)).body.data.length;
    for (const answer of [
      await api.post(`/v1/tenants/${tenant}/endpoints`, { url, filter }),
      await api.call('PATCH', `/v1/endpoints/${endpoint.id}`, { filter }),
    ]) {
      expect(answer.status).toBe(422);
      expect(answer.body.errors).toMatchObject([{ path, message: expect.stringMatching(message), code: expect.any(String) }]);
    }
    expect((await api.get(`/v1/tenants/${tenant}/endpoints`)).body.data).toHaveLength(before);
    expect((await api.get(`/v1/endpoints/${endpoint.id}`)).body.filter).toEqual({ 'data.x': 1 });
  });

  it('is refused by the length of its numbers as they are written', async () => {
    const { status, body } = await api.post(`/v1/tenants/${tenant}/endpoints`, undefined, {
      raw: `{"url":"${url}","filter":{"data.x":1${'0'.repeat(5_000)}}}`,
    });
    expect([status, body.errors[0]?.path]).toEqual([422, 'filter']);
  });
});

describe('a filter that can never match the schemas of its event types', () => {
  const schema = { type: 'object', additionalProperties: false, properties: { amount: { type: 'number' }, old: { type: 'string' } } };
  const makeType = async (name: string, more: object = { schema }) =>
    expect((await api.post('/v1/event-types', { name, ...more })).status).toBe(201);
  const create = (more: object) => api.post(`/v1/tenants/${tenant}/endpoints`, { url, ...more });
  const refused = (message: RegExp, path = 'filter["data.amonut"].$gte') => ({
    status: 422,
    body: { errors: [{ path, message: expect.stringMatching(message) }] },
  });
  const filter = { 'data.amonut': { $gte: 100 } };

  it('is refused with its place and the reason, when it is created and when it is changed', async () => {
    await makeType('fit.created');
    const message = /^can never match: by the schema of fit.created \(version 1\), data.amonut does not exist. Change the condition/;
    expect(await create({ eventTypes: ['fit.created'], filter })).toMatchObject(refused(message));
    const wrong = await create({ eventTypes: ['fit.created'], filter: { $or: [{ 'data.amount': '100' }, { type: 'other' }] } });
    expect(wrong.body.errors.map(({ path }: { path: string }) => path)).toEqual(['filter.$or[0]["data.amount"]', 'filter.$or[1].type']);

    const { id } = await api.makeEndpoint(tenant, url, { eventTypes: ['fit.created'] });
    const change = (body: object) => api.call('PATCH', `/v1/endpoints/${id}`, body);
    expect(await change({ filter })).toMatchObject(refused(message));
    expect((await change({ filter, eventTypes: ['other.type'] })).status).toBe(200);
    expect(await change({ eventTypes: ['fit.created'] })).toMatchObject(
      refused(/do not fit the endpoint's filter: .*can never match/, 'eventTypes'),
    );
    expect((await change({ description: 'something else' })).status).toBe(200);
    expect((await change({ eventTypes: ['fit.created'], filter: { 'data.amount': 1 } })).status).toBe(200);
  });

  it('is refused when a filter and event types that do not fit are stored at the same moment', async () => {
    await makeType('fit.moment');
    const { id } = await api.makeEndpoint(tenant, url, { eventTypes: ['fit.unknown'], filter: { 'data.amount': 1 } });
    const holder = await api.db.connect();
    await holder.query('begin');
    await holder.query('select from endpoints where id = $1 for update', [uuidOf(id)]);
    // each fits what is stored now, and neither the other
    const changes = [{ filter }, { eventTypes: ['fit.moment'] }].map((body) => api.call('PATCH', `/v1/endpoints/${id}`, body));
    await until('both to wait for the endpoint', async () => {
      const { rowCount } = await api.db.query(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return rowCount === 2;
    });
    await holder.query('commit');
    holder.release();
    expect((await Promise.all(changes)).map(({ status }) => status).toSorted()).toEqual([200, 422]);
  });

  it('is accepted when another event may match: of another type, an old version, or a type without a schema', async () => {
    await makeType('fit.changed');
    await makeType('fit.free', {});
    await makeType('fit.later');
    const { status } = await api.post('/v1/event-types/fit.later/versions', {
      version: 2,
      schema: { type: 'object', properties: { amonut: {} } },
    });
    expect(status).toBe(201);
    for (const eventTypes of [
      [],
      ['*'],
      ['fit.*'],
      ['fit.changed', 'fit.unknown'],
      ['fit.changed', 'fit.free'],
      ['fit.changed', 'fit.later'],
    ])
      expect((await create({ eventTypes, filter })).status, eventTypes.join()).toBe(201);
    expect((await create({ eventTypes: ['fit.changed'], filter })).status).toBe(422);
  });

  it('reveals nothing of an internal type to a caller of one tenant', async () => {
    await makeType('fit.internal', { schema, visibility: 'internal' });
    const { body } = await api.post('/v1/api-keys', { name: 'x', tenant, scopes: ['endpoints:write'] });
    const bound = createApi(api.origin, body.key);
    expect((await bound.post(`/v1/tenants/${tenant}/endpoints`, { url, eventTypes: ['fit.internal'], filter })).status).toBe(201);
    expect((await create({ eventTypes: ['fit.internal'], filter })).status).toBe(422);
  });
});

describe('the endpoint of a sandbox', () => {
  it('has its filter, too', async () => {
    const path = `/v1/tenants/${tenant}/sandbox-endpoints`;
    const { status, body } = await api.post(path, undefined, { raw: `{"endpoint":{"filter":${exact}}}` });
    expect(status).toBe(201);
    expect(await textOf(body.endpoint)).toContain(`"filter":${exact}`);
    const wrong = await api.post(path, { endpoint: { filter: { 'data.x': { $gt: null } } } });
    expect(wrong.body.errors).toMatchObject([{ path: 'endpoint.filter["data.x"].$gt' }]);
  });
});

describe('POST /v1/filters/test', () => {
  const test = (filter: unknown, data: unknown, type = 'order.created') => api.post('/v1/filters/test', { filter, event: { type, data } });

  it('says whether the event matches, and what decided', async () => {
    const filter = { 'data.amount': { $gte: 100 }, type: { $prefix: 'order.' } };
    expect((await test(filter, { amount: 100 })).body).toEqual({ matches: true, decidedBy: '' });
    expect((await test(filter, { amount: 99.99 })).body).toEqual({ matches: false, decidedBy: '/data.amount/$gte' });
    expect((await test(filter, { amount: 100 }, 'user.created')).body).toEqual({ matches: false, decidedBy: '/type/$prefix' });
    expect((await test({ data: null }, null)).body).toEqual({ matches: true, decidedBy: '/data' });
  });

  it('rounds no number', async () => {
    const of = async (id: string) =>
      (
        await api.post('/v1/filters/test', undefined, {
          raw: `{"filter":{"data.id":9007199254740993},"event":{"type":"a","data":{"id":${id}}}}`,
        })
      ).body;
    expect(await of('9007199254740993')).toMatchObject({ matches: true });
    expect(await of('9007199254740992')).toMatchObject({ matches: false });
  });

  it('names what is wrong', async () => {
    expect((await test({ 'data.x': { $gt: [] } }, {})).body.errors).toMatchObject([
      { path: 'filter["data.x"].$gt', message: 'must be a number or a text' },
    ]);
    expect((await test({ 'data.x': 1 }, {}, 'no type')).body.errors).toMatchObject([{ path: 'event.type' }]);
    expect((await api.post('/v1/filters/test', { event: { type: 'a', data: 1 } })).body.errors).toEqual([
      { path: 'filter', message: 'is missing', code: 'missing', facts: {} },
    ]);
  });

  it('takes an event of any size that may be posted, and is open to a key of a tenant that may read endpoints', async () => {
    expect((await test({ 'data.x': { $suffix: 'y' } }, { x: 'y'.repeat(250 * 1024) })).body).toMatchObject({ matches: true });
    const keyOf = async (scope: string) => (await api.post('/v1/api-keys', { name: 'x', tenant, scopes: [scope] })).body.key;
    const body = { filter: { 'data.x': 1 }, event: { type: 'a', data: { x: 1 } } };
    expect((await createApi(api.origin, await keyOf('endpoints:read')).post('/v1/filters/test', body)).status).toBe(200);
    expect((await createApi(api.origin, await keyOf('events:write')).post('/v1/filters/test', body)).status).toBe(403);
  });
});

describe('an event that was filtered out', () => {
  const explained = async (event: string, endpoint: string) =>
    (await api.get(`/v1/tenants/${tenant}/events/${event}/explain?endpoint=${endpoint}`)).body.data[0];
  const leaveOutbox = () => api.db.query('delete from outbox');

  it('is explained by the filter of its time, and the event says the same', async () => {
    const { id } = await api.makeEndpoint(tenant, url, { filter: { 'data.n': 2 } });
    const event = await api.postEvent(tenant, { data: { n: 1 } });
    expect(await explained(event, id)).toMatchObject({
      code: 'filter_not_matched',
      delivery: null,
      advice: expect.stringMatching(/filters\/test/),
    });
    await leaveOutbox();
    for (const filter of [{ 'data.n': 1 }, null]) {
      await api.call('PATCH', `/v1/endpoints/${id}`, { filter });
      expect((await explained(event, id)).code).toBe('filter_not_matched');
    }
    const { body } = await api.get(`/v1/tenants/${tenant}/events/${event}`);
    expect(body.endpoints).toContainEqual({ endpoint: id, verdict: 'filter_not_matched', delivery: null });
  });

  it('is explained after its erasure, as far as that is possible; deliveries stay', async () => {
    const [out, wanted, plain] = [
      (await api.makeEndpoint(tenant, url, { filter: { 'data.n': 2 } })).id,
      (await api.makeEndpoint(tenant, url, { filter: { 'data.n': 1 } })).id,
      (await api.makeEndpoint(tenant, url, { eventTypes: ['other'] })).id,
    ];
    const event = await api.postEvent(tenant, { data: { n: 1 } });
    await planned(api, tenant, event, [wanted]);
    await leaveOutbox();
    expect((await api.call('DELETE', `/v1/tenants/${tenant}/events/${event}/content`)).status).toBe(204);
    expect(await explained(event, out)).toMatchObject({
      code: 'filter_not_matched',
      message: expect.stringMatching(/cannot be asked again: the content of the event was erased at/),
    });
    expect((await explained(event, wanted)).code).toBe('cancelled');
    expect((await explained(event, plain)).code).toBe('type_not_subscribed');
  });

  it('and recalled before it was planned makes rows only for those that wanted it', async () => {
    const own = await api.makeTenant();
    const [out, wanted] = [
      (await api.makeEndpoint(own, url, { filter: { 'data.n': 2 } })).id,
      (await api.makeEndpoint(own, url, { filter: { 'data.n': 1 } })).id,
    ];
    const event = await api.postEvent(own, { data: { n: 1 } });
    const { body } = await api.post(`/v1/tenants/${own}/events/${event}/recall`, {});
    expect(body.data.map(({ endpoint }: { endpoint: string }) => endpoint)).toEqual([wanted]);
    expect(body.data).not.toContainEqual(expect.objectContaining({ endpoint: out }));
  });
});
