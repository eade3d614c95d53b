// Lane settings of endpoints, tenants and events: stored, changed and validated together; and pause
// and resume.

import { describe, expect, it } from 'vitest';
import { bySystem } from '#db/audit/audit';
import { uuidOf } from '#domain/ids';
import { apiOfFile } from '../api-of-file.ts';
import { held, laneOf, leave, openLane, rowOf } from '../lanes-at-hand.ts';

const { api, tenant } = await apiOfFile();
const url = 'http://127.0.0.1:9/hook';

const change = (id: string, body: object) => api.call('PATCH', `/v1/endpoints/${id}`, body);
const column = async (id: string, name: string) =>
  (await api.db.query(`select ${name} as value from endpoints where id = $1`, [uuidOf(id)])).rows[0]?.value;

describe('settings of an endpoint', () => {
  it('are stored as given, and a change affects only the given ones', async () => {
    const settings = {
      rateLimit: { perSecond: 0.5, burst: 3 },
      ordering: 'endpoint',
      onDeadLetter: 'block',
      batch: { maxEvents: 10, maxWaitMs: 500 },
      autoRecover: false,
    };
    const { id } = await api.makeEndpoint(tenant, url, settings);
    expect((await api.get(`/v1/endpoints/${id}`)).body).toMatchObject({ ...settings, coalesceMs: null });
    expect((await change(id, { rateLimit: { perSecond: 20 } })).body).toMatchObject({ ...settings, rateLimit: { perSecond: 20 } });
    const none = { rateLimit: null, batch: null, ordering: 'none', coalesceMs: 60_000 };
    expect((await change(id, none)).body).toMatchObject({ ...settings, ...none });
    expect((await change(id, { coalesceMs: null })).body).toMatchObject({ ...settings, ...none, coalesceMs: null });
  });

  it.each<[object, object, string]>([
    [{ ordering: 'key' }, { batch: { maxEvents: 2, maxWaitMs: 1 } }, 'batch'],
    [{ batch: { maxEvents: 2, maxWaitMs: 1 } }, { ordering: 'key' }, 'batch'],
    [{ coalesceMs: 100 }, { ordering: 'endpoint' }, 'coalesceMs'],
    [{ ordering: 'key' }, { coalesceMs: 100 }, 'coalesceMs'],
  ])('%j and then %j cannot be combined, and nothing is changed', async (first, second, path) => {
    const { id } = await api.makeEndpoint(tenant, url, first);
    const before = (await api.get(`/v1/endpoints/${id}`)).body;
    const answer = await change(id, { ...second, description: 'changed' });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ path }] } });
    expect((await api.get(`/v1/endpoints/${id}`)).body).toEqual(before);
  });

  it('record since when the current ordering applies', async () => {
    const since = (id: string) => column(id, 'ordering_since');
    const { id } = await api.makeEndpoint(tenant, url, { ordering: 'key' });
    await change(id, { description: 'x' });
    expect(await since(id)).toBeNull();
    let last = 0;
    for (const ordering of ['endpoint', 'key', 'none', 'key'] as const) {
      await change(id, { ordering });
      const now = await since(id);
      expect(now).toBeInstanceOf(Date);
      if (ordering !== 'none') expect(Number(now)).toBeGreaterThan(last);
      last = Number(now);
      await change(id, { ordering, description: ordering });
      expect(Number(await since(id))).toBe(last);
    }
  });

  it('move held deliveries into the queues of the new ordering', async () => {
    const { id } = await api.makeEndpoint(tenant, url, { ordering: 'key' });
    const delivery = await held(api, tenant, id);
    await api.db.query(`update events e set ordering_key = 'k' from deliveries d where d.event_id = e.id and d.id = $1`, [
      uuidOf(delivery),
    ]);
    for (const [ordering, laneKey] of [
      ['endpoint', null],
      ['key', 'k'],
      ['none', null],
    ]) {
      await change(id, { ordering });
      expect((await rowOf(api, delivery)).lane_key).toBe(laneKey);
    }
  });

  it.each<[string, object, object, boolean]>([
    ['block comes', { ordering: 'endpoint' }, { onDeadLetter: 'block' }, true],
    ['an ordering is set', { onDeadLetter: 'block' }, { ordering: 'endpoint' }, true],
    ['the ordering changes', { ordering: 'endpoint', onDeadLetter: 'block' }, { ordering: 'key' }, true],
    ['it already blocks', { ordering: 'endpoint', onDeadLetter: 'block' }, { ordering: 'endpoint', onDeadLetter: 'block' }, false],
    ['another setting changes', { ordering: 'endpoint', onDeadLetter: 'block' }, { maxInFlight: 3 }, false],
  ])('earlier dead letters lose their place when %s: %j, %j', async (_, first, second, loses) => {
    const { id } = await api.makeEndpoint(tenant, url, first);
    const [dead, quarantined, waiting] = [await held(api, tenant, id), await held(api, tenant, id), await held(api, tenant, id)];
    await leave(api, dead, `status = 'dead_lettered'`);
    await leave(api, quarantined, `status = 'quarantined'`);
    expect((await change(id, second)).status).toBe(200);
    for (const one of [dead, quarantined]) expect((await rowOf(api, one)).position === null).toBe(loses);
    expect((await rowOf(api, waiting)).position).not.toBeNull();
  });

  it.each<[object, boolean]>([
    [{ rateLimit: { perSecond: 1 } }, true],
    [{ ordering: 'endpoint' }, true],
    [{ onDeadLetter: 'block' }, true],
    [{ batch: { maxEvents: 2, maxWaitMs: 1 } }, true],
    [{ coalesceMs: 100 }, true],
    [{ maxInFlight: 1 }, true],
    [{ url: `${url}/other` }, true],
    [{ rateLimit: null }, true],
    [{ headers: { authorization: 'other' } }, true],
    [{ timeoutMs: 2_000 }, true],
    [{ autoRecover: true }, true],
    [{ description: 'x', metadata: { a: 'b' }, eventTypes: ['a'], channels: ['c'] }, false],
    [{}, false],
  ])('%j wakes a blocked lane: %j', async (body, looks) => {
    const { id } = await api.makeEndpoint(tenant, url);
    await openLane(api, id, `state = 'blocked', due_at = null`);
    expect((await change(id, body)).status).toBe(200);
    expect(await laneOf(api, id)).toBe(looks ? 'awake' : 'blocked');
  });

  it('do not open a lane', async () => {
    const { id } = await api.makeEndpoint(tenant, url, { rateLimit: { perSecond: 1 } });
    await change(id, { rateLimit: { perSecond: 2 } });
    expect(await laneOf(api, id)).toBeNull();
    expect((await api.get(`/v1/endpoints/${id}/lane`)).body).toMatchObject({ state: 'none', workflowId: null });
  });
});

it('the rate limit of a tenant is stored, changed and removed, and reaches processes that cache its endpoints', async () => {
  const version = async () =>
    (await api.db.query(`select endpoints_version as v from tenants where external_id = 'paced' and deleted_at is null`)).rows[0].v;
  const made = await api.post('/v1/tenants', { id: 'paced', name: 'Paced', rateLimit: { perSecond: 5 } });
  expect(made.body.rateLimit).toEqual({ perSecond: 5 });
  expect((await api.get('/v1/tenants/paced')).body).toEqual(made.body);
  const first = await version();
  expect((await api.call('PATCH', '/v1/tenants/paced', { name: 'x', rateLimit: { perSecond: 5 } })).body.rateLimit).toEqual({
    perSecond: 5,
  });
  expect(await version()).toBe(first);
  expect((await api.call('PATCH', '/v1/tenants/paced', { rateLimit: { perSecond: 5, burst: 9 } })).body.rateLimit.burst).toBe(9);
  expect(await version()).toBe(first + 1);
  expect((await api.call('PATCH', '/v1/tenants/paced', { name: 'y' })).body).toMatchObject({ name: 'y', rateLimit: { burst: 9 } });
  expect((await api.call('PATCH', '/v1/tenants/paced', { rateLimit: null })).body.rateLimit).toBeNull();
  expect(await version()).toBe(first + 2);
  expect((await api.get(`/v1/tenants/${tenant}`)).body.rateLimit).toBeNull();
});

it('the coalescing key of an event is stored, and is part of its content', async () => {
  const event = { id: 'with-key', type: 'a', data: 1, coalesceKey: 'cart-7' };
  const post = async (more: object) => {
    const { status, body } = await api.post(`/v1/tenants/${tenant}/events`, { ...event, ...more });
    return status === 202 ? body.duplicate : status;
  };
  expect(await post({})).toBe(false);
  expect(await post({})).toBe(true);
  for (const other of ['cart-8', undefined]) expect(await post({ coalesceKey: other })).toBe(409);
  expect(await post({ coalesceKey: undefined, orderingKey: 'cart-7' })).toBe(409);
  expect((await api.get(`/v1/tenants/${tenant}/events/with-key`)).body).toMatchObject({ coalesceKey: 'cart-7', orderingKey: null });
  expect((await api.db.query(`select coalesce_key from events where external_id = 'with-key'`)).rows).toEqual([{ coalesce_key: 'cart-7' }]);
});

describe('gates', () => {
  it('close and open; held deliveries stay held for the lane, which is woken at once', async () => {
    const { id } = await api.makeEndpoint(tenant, url);
    const delivery = await held(api, tenant, id);
    expect((await api.post(`/v1/endpoints/${id}/pause`)).body).toMatchObject({ gate: 'held', gateReason: 'paused' });
    expect(await laneOf(api, id)).toBeNull();
    await openLane(api, id, `state = 'blocked', due_at = null, state_reason = 'paused'`);
    expect((await api.post(`/v1/endpoints/${id}/resume`)).body).toMatchObject({ gate: 'open', gateReason: null, notBefore: null });
    expect(await laneOf(api, id)).toBe('awake');
    expect(await rowOf(api, delivery)).toMatchObject({ status: 'held' });
  });

  it('open a lane only if deliveries are held and there is none', async () => {
    const [some, nothing] = [(await api.makeEndpoint(tenant, url)).id, (await api.makeEndpoint(tenant, url)).id];
    await held(api, tenant, some);
    for (const id of [some, nothing]) {
      await api.post(`/v1/endpoints/${id}/pause`);
      expect((await api.post(`/v1/endpoints/${id}/resume`)).status).toBe(200);
    }
    expect([await laneOf(api, some), await laneOf(api, nothing)]).toEqual(['awake', null]);
  });

  it('open before a Retry-After has passed', async () => {
    const { id } = await api.makeEndpoint(tenant, url);
    await api.db.query(`update endpoints set not_before = now() + interval '1 hour' where id = $1`, [uuidOf(id)]);
    expect((await api.post(`/v1/endpoints/${id}/resume`)).body.notBefore).toBeNull();
  });

  it('are changed by the operator, too', async () => {
    const { id } = await api.makeEndpoint(tenant, url);
    const delivery = await held(api, tenant, id);
    const { setGate } = api.deps;
    expect(await setGate(id, 'pause', bySystem('endpoint.pause'))).toBe(true);
    expect(await column(id, 'gate')).toBe('held');
    expect(await setGate(id, 'resume', bySystem('endpoint.resume'))).toBe(true);
    expect([await column(id, 'gate'), await laneOf(api, id), (await rowOf(api, delivery)).status]).toEqual(['open', 'awake', 'held']);
    await api.call('DELETE', `/v1/endpoints/${id}`);
    const again = (gate: 'pause' | 'resume') => setGate(id, gate, bySystem(`endpoint.${gate}`));
    expect([await again('pause'), await again('resume')]).toEqual([false, false]);
  });
});
