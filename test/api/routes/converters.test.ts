// Converters and pinned versions over HTTP: tested before they are stored, used by the endpoints that pin a version, and not
// taken away from them.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { uuidOf } from '#domain/ids';
import { type ApiServer, startApi } from '../api-server.ts';
import { planned, setStatus } from '../deliveries-at-hand.ts';

let api: ApiServer;
let tenant: string;
let type: string;
let n = 0;
beforeAll(async () => {
  api = await startApi();
  tenant = await api.makeTenant();
});
afterAll(() => api?.close());

const url = 'http://127.0.0.1:9/hook';
const first = { type: 'object', required: ['name'], properties: { name: { type: 'string' }, total: { type: 'number' } } };
const second = {
  type: 'object',
  required: ['customer'],
  properties: {
    customer: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
    total: { type: 'number' },
    coupon: {},
  },
};
const example = { customer: { name: 'Zoe' }, total: 2.5, coupon: 'x' };
const down = [{ move: 'customer.name', to: 'name' }, { drop: 'customer' }, { drop: 'coupon' }];

const put = (body: object) => api.post(`/v1/event-types/${type}/converters`, body);
const putVersion = (body: object) => api.post(`/v1/event-types/${type}/versions`, body);
const errors = ({ status, body }: Awaited<ReturnType<typeof put>>) => [
  status,
  ...(body.errors ?? []).map((one: { path: string }) => one.path),
];

beforeEach(async () => {
  type = `order.made${++n}`;
  await api.post('/v1/event-types', { name: type, schema: first, examples: [{ name: 'Zoe' }] });
  expect((await putVersion({ schema: second, examples: [example] })).status).toBe(201);
});

describe('a converter', () => {
  it('is stored, replaced, listed and deleted, each with an audit entry', async () => {
    const body = { from: 2, to: 1, steps: down };
    expect(await put(body)).toMatchObject({ status: 200, body });
    const shorter = { ...body, steps: [...down, { drop: 'total' }] };
    expect((await put(shorter)).status).toBe(200);
    expect((await api.get(`/v1/event-types/${type}/converters`)).body).toEqual({ data: [shorter] });
    expect((await api.call('DELETE', `/v1/event-types/${type}/converters/2/1`)).status).toBe(204);
    expect((await api.call('DELETE', `/v1/event-types/${type}/converters/2/1`)).status).toBe(404);
    expect((await api.get(`/v1/event-types/${type}/converters`)).body).toEqual({ data: [] });
    const entries = (await api.get('/v1/audit-log?limit=3')).body.data.map(({ action }: { action: string }) => action);
    expect(entries).toEqual(['event_type.delete_converter', 'event_type.put_converter', 'event_type.put_converter']);
  });

  it.each([
    ['makes what the target does not allow', { from: 2, to: 1, steps: [{ move: 'customer', to: 'name' }] }, 'steps'],
    ['loses a required field', { from: 2, to: 1, steps: [...down, { drop: 'name' }] }, 'steps[3]'],
    ['does not give a required field', { from: 2, to: 1, steps: [] }, 'steps'],
    ['comes from no version', { from: 7, to: 1, steps: down }, 'from'],
    ['leads to no version', { from: 2, to: 7, steps: down }, 'to'],
    ['leads nowhere', { from: 2, to: 2, steps: [] }, 'to'],
    ['has an unknown step', { from: 2, to: 1, steps: [{ remove: 'x' }] }, 'steps[0].drop'],
    ['has a wrong path', { from: 2, to: 1, steps: [{ drop: 'a..b' }] }, 'steps[0].drop'],
  ])('that %s is refused with the place, and not stored', async (_what, body, path) => {
    const answer = await put(body);
    expect(errors(answer).slice(0, 2)).toEqual([422, path]);
    expect((await api.get(`/v1/event-types/${type}/converters`)).body).toEqual({ data: [] });
  });

  it('says the way out', async () => {
    const { body } = await put({ from: 2, to: 1, steps: [...down, { drop: 'name' }] });
    expect(body.errors[0].message).toBe(
      'loses name, which version 1 requires; leave the step out, or add a step such as {"default": "name", "value": …} at the end',
    );
  });

  it('of an unknown type is a 404', async () => {
    type = 'no.such';
    expect((await put({ from: 2, to: 1, steps: down })).status).toBe(404);
  });
});

describe('an endpoint', () => {
  const create = (versions: object) => api.post(`/v1/tenants/${tenant}/endpoints`, { url, versions });
  const missedOf = async (id: string, event: string) => {
    const [delivery = ''] = await planned(api, tenant, event, [id]);
    await setStatus(api, delivery, 'dead_lettered');
    const { data } = (await api.get(`/v1/endpoints/${id}/missed?include=body`)).body;
    return data.find((one: { event: string }) => one.event === event).body.data;
  };

  it('pins a version, gets it converted, and keeps that for what was planned when the converter changes', async () => {
    await put({ from: 2, to: 1, steps: down });
    const { body: made } = await create({ [type]: 1 });
    expect(made.versions).toEqual({ [type]: 1 });
    const events = [await api.postEvent(tenant, { type, data: example }), await api.postEvent(tenant, { type, data: example })];
    expect(await missedOf(made.id, events[0] ?? '')).toEqual({ name: 'Zoe', total: 2.5 });
    await put({ from: 2, to: 1, steps: [...down, { drop: 'total' }] });
    expect(await missedOf(made.id, events[1] ?? '')).toEqual({ name: 'Zoe' });
    expect(await missedOf(made.id, events[0] ?? '')).toEqual({ name: 'Zoe', total: 2.5 });
    const old = await api.postEvent(tenant, { type, version: 1, data: { name: 'A' } });
    expect(await missedOf(made.id, old)).toEqual({ name: 'A' });
    const tested = await api.post('/v1/transforms/test', { endpoint: made.id, event: { type, version: 2, data: example } });
    expect(tested.body.body.data).toEqual({ name: 'Zoe' });
    const changed = await api.call('PATCH', `/v1/endpoints/${made.id}`, { versions: null });
    expect(changed.body.versions).toBeNull();
    expect(await missedOf(made.id, await api.postEvent(tenant, { type, data: example }))).toEqual(example);
  });

  it('cannot pin what is not there, or what no converter leads to', async () => {
    const paths = async (versions: object) => errors(await create(versions));
    expect(await paths({ 'no.such': 1 })).toEqual([422, 'versions["no.such"]']);
    expect(await paths({ [type]: 3 })).toEqual([422, `versions["${type}"]`]);
    expect(await paths({ [type]: 1 })).toEqual([422, `versions["${type}"]`]);
    expect(await paths({ [type]: 0 })).toEqual([422, `versions["${type}"]`]);
    expect(await paths({})).toEqual([422, 'versions']);
    expect((await create({ [type]: 2 })).status).toBe(201);
  });

  it('keeps the way to its version: no converter is deleted, and no version added, that would break it', async () => {
    await put({ from: 2, to: 1, steps: down });
    const { body: made } = await create({ [type]: 1 });
    expect((await api.call('DELETE', `/v1/event-types/${type}/converters/2/1`)).status).toBe(409);
    const third = {
      schema: { type: 'object', required: ['buyer'], properties: { buyer: { type: 'string' } } },
      examples: [{ buyer: 'B' }],
    };
    const refused = await putVersion(third);
    expect(refused.status).toBe(409);
    expect(refused.body.detail).toContain(made.id);
    const wrong = await putVersion({ ...third, converters: [{ to: 2, steps: [{ drop: 'buyer' }] }] });
    expect(errors(wrong).slice(0, 2)).toEqual([422, 'converters[0].steps']);
    expect((await api.get(`/v1/event-types/${type}/versions`)).body.data).toHaveLength(2);
    const added = await putVersion({ ...third, converters: [{ to: 2, steps: [{ move: 'buyer', to: 'customer.name' }] }] });
    expect(added.status).toBe(201);
    expect(await missedOf(made.id, await api.postEvent(tenant, { type, data: { buyer: 'B' } }))).toEqual({ name: 'B' });
  });

  it('and its deliveries are bound by their rows', async () => {
    await put({ from: 2, to: 1, steps: down });
    const { body: made } = await create({ [type]: 1 });
    const { rows } = await api.db.query('select pinned, is_whole from shapes where endpoint_id = $1', [uuidOf(made.id)]);
    expect(rows).toEqual([{ pinned: [type], is_whole: false }]);
  });
});
