// Lanes and sequence numbers as the API shows them, lane metrics, and skip-head.
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { deliveryId, uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { type ApiServer, startApi } from '../api-server.ts';
import { held, laneOf, leave, openLane, rowOf } from '../lanes-at-hand.ts';
import { readMetrics } from '../prometheus-page.ts';

let api: ApiServer;
let tenant: string;
const url = 'http://127.0.0.1:9/hook';
const strict = { ordering: 'endpoint', onDeadLetter: 'block' };
const byKey = { ordering: 'key', onDeadLetter: 'block' };

beforeAll(async () => {
  api = await startApi();
  tenant = await api.makeTenant();
});
afterAll(() => api.close());

const make = async (settings: object = {}) => (await api.makeEndpoint(tenant, url, settings)).id;
const lane = async (id: string) => (await api.get(`/v1/endpoints/${id}/lane`)).body;
const unknown = newId('ep');

describe('a lane', () => {
  it('has state none where nothing needs it', async () => {
    const id = await make();
    expect(await lane(id)).toEqual({
      endpoint: id,
      state: 'none',
      reasons: [],
      waitingFor: null,
      message: 'Deliveries are sent directly.',
      advice: null,
      held: 0,
      heldIsMore: false,
      oldestHeldAt: null,
      oldestHeldAgeMs: null,
      rateLimit: null,
      tenantRateLimit: null,
      allowance: null,
      circuit: { state: 'closed', probeAt: null, refusedProbes: 0 },
      dueAt: null,
      failingSince: null,
      workflowId: null,
      temporalUrl: null,
    });
  });

  it('shows held deliveries, their age, the rate limits and the state left by its drain', async () => {
    const id = await make({ rateLimit: { perSecond: 2 } });
    const first = await held(api, tenant, id);
    await held(api, tenant, id);
    const probeAtMs = Date.now() + 20_000;
    await openLane(
      api,
      id,
      `reason = 'failing', state = 'blocked', state_reason = 'circuit_open', due_at = now() + interval '20 s', failing_since = now() - interval '1 h',
       allowance = '{"allowed":4,"accepted":1,"halvedAtMs":null}',
       circuit = '{"state":"open","refusedProbes":3,"refusedSince":0,"accepted":[],"probeAtMs":${probeAtMs}}'`,
    );
    const seen = await lane(id);
    expect(seen).toMatchObject({
      state: 'blocked',
      reasons: ['rate_limit', 'failing'],
      waitingFor: 'circuit_open',
      held: 2,
      heldIsMore: false,
      oldestHeldAt: (await api.get(`/v1/deliveries/${first}`)).body.createdAt,
      rateLimit: { perSecond: 2 },
      allowance: 4,
      circuit: { state: 'open', probeAt: new Date(probeAtMs).toISOString(), refusedProbes: 3 },
      workflowId: `lane/${id}`,
      temporalUrl: `http://temporal.test:8233/namespaces/default/workflows/lane%2F${id}`,
    });
    expect(seen.oldestHeldAgeMs).toBeGreaterThanOrEqual(0);
    expect(Date.parse(seen.dueAt)).toBeGreaterThan(Date.parse(seen.failingSince));
    expect((await api.get(`/v1/deliveries/${first}`)).body.workflowId).toBe(`lane/${id}`);
  });

  it.each<[string, object, string | null, string[]]>([
    ['ordered', { ordering: 'key' }, null, ['ordering']],
    ['in batches', { ordering: 'endpoint', batch: { maxEvents: 2, maxWaitMs: 1 } }, null, ['ordering', 'batch']],
    ['coalescing', { coalesceMs: 100 }, null, ['coalesce']],
    ['paused', {}, `update endpoints set gate = 'held' where id = $1`, ['paused']],
    ['disabled', {}, `update endpoints set gate = 'disabled' where id = $1`, ['disabled']],
    ['asked for a Retry-After', {}, `update endpoints set not_before = now() + interval '1 h' where id = $1`, ['retry_after']],
    ['asked for a Retry-After that has passed', {}, `update endpoints set not_before = now() where id = $1`, []],
  ])('shows the reason: %s', async (_, settings, sql, reasons) => {
    const id = await make(settings);
    if (sql) await api.db.query(sql, [uuidOf(id)]);
    expect((await lane(id)).reasons).toEqual(reasons);
  });

  it.each<[string, boolean, object, string[]]>([
    ['cap', true, {}, ['cap']],
    ['cap', false, {}, []],
    ['backlog', true, {}, ['backlog']],
    ['backlog', true, { ordering: 'key' }, ['ordering']],
    ['failing', true, { ordering: 'key' }, ['ordering', 'failing']],
  ])('opened for %s, with others parking: %j, for %j', async (reason, parks, settings, reasons) => {
    const id = await make(settings);
    await openLane(api, id, `reason = '${reason}', parks = ${parks}, state = 'idle'`);
    expect(await lane(id)).toMatchObject({ state: 'idle', reasons });
  });

  it('with unreadable drain state is shown all the same', async () => {
    const id = await make();
    await openLane(api, id, `allowance = '"x"', circuit = '{"state":"open","probeAtMs":1e99,"refusedProbes":1}'`);
    expect(await lane(id)).toMatchObject({ allowance: null, circuit: { state: 'closed' } });
  });

  it.each([`/v1/endpoints/${unknown}/lane`, `/v1/endpoints/${unknown}/sequence`, '/v1/endpoints/x/lane'])('%s is 404', async (path) => {
    expect((await api.get(path)).status).toBe(404);
  });

  it('of an endpoint that is deleted is not shown', async () => {
    const id = await make();
    await api.call('DELETE', `/v1/endpoints/${id}`);
    expect((await api.get(`/v1/endpoints/${id}/lane`)).status).toBe(404);
    expect((await api.post(`/v1/endpoints/${id}/skip-head`)).status).toBe(404);
  });
});

describe('the sequence numbers of an ordered endpoint', () => {
  const sequence = (id: string, query = '') => api.get(`/v1/endpoints/${id}/sequence${query}`);
  /** Deliveries with these numbers, as a drain leaves them. */
  async function numbered(endpoint: string, key: string | null, states: Record<string, string>): Promise<void> {
    for (const [number, status] of Object.entries(states)) {
      const id = deliveryId(newId('evt'), endpoint);
      await api.db.query(
        `insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, sequence, lane_key)
         select $1, $1, p.id, p.tenant_id, 'a', $3, $4, $5 from endpoints p where p.id = $2`,
        [uuidOf(id), uuidOf(endpoint), status, number, key],
      );
    }
    await api.db.query('insert into lane_sequences (endpoint_id, key, last) values ($1, $2, $3)', [
      uuidOf(endpoint),
      key ?? '',
      Math.max(...Object.keys(states).map(Number)),
    ]);
  }

  it('are empty at first', async () => {
    const id = await make(strict);
    expect(await sequence(id)).toMatchObject({
      status: 200,
      body: { endpoint: id, orderingKey: null, lastSent: null, lastAccepted: null, gaps: [], nextOffered: 1 },
    });
  });

  it.each<[string, Record<string, string>, object]>([
    ['all accepted', { 1: 'succeeded', 2: 'succeeded' }, { lastSent: 2, lastAccepted: 2, gaps: [], nextOffered: 3 }],
    ['a head in retry', { 1: 'succeeded', 2: 'held' }, { lastSent: 2, lastAccepted: 1, gaps: [], nextOffered: 2 }],
    [
      'a skipped dead letter',
      { 1: 'dead_lettered', 2: 'succeeded', 3: 'succeeded' },
      { lastSent: 3, lastAccepted: 3, gaps: [1], nextOffered: 4 },
    ],
    [
      'a number that no delivery has any more',
      { 2: 'succeeded', 4: 'succeeded' },
      { lastSent: 4, lastAccepted: 4, gaps: [3, 1], nextOffered: 5 },
    ],
    ['nothing accepted', { 1: 'cancelled', 2: 'held' }, { lastSent: 2, lastAccepted: null, gaps: [], nextOffered: 2 }],
  ])('after %s', async (_, states, body) => {
    const id = await make(strict);
    await numbered(id, null, states);
    expect(await sequence(id)).toMatchObject({ status: 200, body });
  });

  it('are those of one key if the endpoint orders by key', async () => {
    const id = await make(byKey);
    await numbered(id, 'a', { 1: 'succeeded', 3: 'succeeded' });
    await numbered(id, 'b', { 1: 'succeeded' });
    expect((await sequence(id, '?orderingKey=a')).body).toMatchObject({ orderingKey: 'a', lastSent: 3, lastAccepted: 3, gaps: [2] });
    expect((await sequence(id, '?orderingKey=b')).body).toMatchObject({ lastSent: 1, lastAccepted: 1, gaps: [] });
    expect((await sequence(id, '?orderingKey=c')).body).toMatchObject({ lastSent: null, nextOffered: 1 });
  });

  it('show gaps, at most 100, and none that may be removed by retention', async () => {
    const id = await make(strict);
    await numbered(id, null, { 250: 'succeeded', 500: 'succeeded' });
    expect((await sequence(id)).body.gaps).toEqual(Array.from({ length: 100 }, (_, n) => 499 - n));
    const old = await make(strict);
    await numbered(old, null, { 8: 'succeeded', 10: 'succeeded' });
    await api.db.query(`update endpoints set created_at = now() - interval '1 year' where id = $1`, [uuidOf(old)]);
    expect((await sequence(old)).body.gaps).toEqual([9]);
  });

  it.each<[string, object, string, number]>([
    ['without an ordering', {}, '', 409],
    ['by key, without a key', byKey, '', 422],
    ['with a key, ordered as a whole', strict, '?orderingKey=a', 422],
    ['with a malformed key', byKey, '?orderingKey=a%20b', 422],
    ['with two keys', byKey, '?orderingKey=a&orderingKey=b', 422],
    ['with an unknown parameter', strict, '?key=a', 422],
  ])('requested %s', async (_, settings, query, status) => {
    expect((await sequence(await make(settings), query)).status).toBe(status);
  });
});

describe('skip-head', () => {
  const skip = (id: string, body?: object) => api.post(`/v1/endpoints/${id}/skip-head`, body);
  const spend = (id: string) => leave(api, id, `status = 'dead_lettered', next_attempt_at = null`);

  it('removes the lowest blocking delivery from the order, one per call, and wakes the lane', async () => {
    const id = await make(strict);
    const [first, second] = [await held(api, tenant, id), await held(api, tenant, id)];
    await held(api, tenant, id);
    await spend(second);
    await spend(first);
    for (const head of [first, second]) {
      await openLane(api, id, `state = 'blocked', due_at = null, state_reason = 'blocked_by_dead_letter'`);
      expect(await skip(id)).toMatchObject({ status: 202, body: { delivery: head } });
      expect(await rowOf(api, head)).toMatchObject({ status: 'dead_lettered', position: null });
      expect(await laneOf(api, id)).toBe('awake');
    }
    expect(await skip(id)).toMatchObject({ status: 409, body: { detail: 'No dead letter blocks this endpoint or ordering key.' } });
  });

  it('removes that of a key, or the lowest of all', async () => {
    const id = await make(byKey);
    const [a, b, c] = [
      await held(api, tenant, id, { orderingKey: 'a' }),
      await held(api, tenant, id, { orderingKey: 'b' }),
      await held(api, tenant, id, { orderingKey: 'c' }),
    ];
    for (const one of [a, b]) await spend(one);
    await leave(api, c, `status = 'quarantined'`);
    expect((await skip(id, { orderingKey: 'b' })).body.delivery).toBe(b);
    expect((await skip(id, { orderingKey: 'b' })).status).toBe(409);
    expect((await skip(id)).body.delivery).toBe(a);
    expect((await skip(id)).body.delivery).toBe(c);
  });

  it('called twice concurrently removes only one', async () => {
    const id = await make(strict);
    const heads = [await held(api, tenant, id), await held(api, tenant, id)];
    for (const one of heads) await spend(one);
    const answers = await Promise.all([skip(id), skip(id)]);
    const taken = answers.filter(({ status }) => status === 202).map(({ body }) => body.delivery);
    expect(new Set(taken).size).toBe(taken.length);
    expect(taken[0]).toBeDefined();
  });

  it.each<[string, object, object | undefined, number]>([
    ['has no ordering', {}, undefined, 409],
    ['skips dead letters', { ordering: 'endpoint' }, undefined, 409],
    ['is not blocked', strict, undefined, 409],
    ['is ordered as a whole, and a key is given', strict, { orderingKey: 'a' }, 422],
  ])('of an endpoint that %s', async (_, settings, body, status) => {
    const id = await make(settings);
    const delivery = await held(api, tenant, id);
    if (!('onDeadLetter' in settings)) await spend(delivery);
    expect((await skip(id, body)).status).toBe(status);
    expect((await rowOf(api, delivery)).position).not.toBeNull();
  });
});

describe('/metrics', () => {
  it('shows lanes, held deliveries, and the endpoints with the most held deliveries', async () => {
    const fresh = await startApi();
    onTestFinished(fresh.close);
    const page = () => readMetrics(fresh.origin);
    expect((await page()).all).toMatchObject({
      'posthorn_lanes{state="awake"}': 0,
      posthorn_held_deliveries: 0,
      posthorn_held_oldest_seconds: 0,
    });
    const owner = await fresh.makeTenant();
    const ids: string[] = [];
    for (let n = 0; n < 22; n++) ids.push((await fresh.makeEndpoint(owner, url)).id);
    const [first = '', second = ''] = ids;
    for (const id of [first, ...ids]) await held(fresh, owner, id);
    await openLane(fresh, first);
    await openLane(fresh, second, `state = 'idle', state_reason = 'nothing_due'`);
    const some = await page();
    expect(some.all).toMatchObject({
      'posthorn_lanes{state="awake"}': 1,
      'posthorn_lanes{state="idle"}': 1,
      'posthorn_lanes{state="blocked"}': 0,
      posthorn_held_deliveries: 23,
      [`posthorn_endpoint_held{endpoint="${first}"}`]: 2,
      [`posthorn_endpoint_lane{endpoint="${first}",state="awake",reason=""}`]: 1,
      [`posthorn_endpoint_lane{endpoint="${second}",state="idle",reason="nothing_due"}`]: 1,
    });
    expect(Object.keys(some.all).filter((name) => name.startsWith('posthorn_endpoint_lane{'))).toHaveLength(2);
    expect(some.value(`posthorn_endpoint_held_oldest_seconds{endpoint="${first}"}`)).toBeGreaterThan(0);
    expect(Object.keys(some.all).filter((name) => name.startsWith('posthorn_endpoint_held{'))).toHaveLength(20);
    expect(some.value('posthorn_held_oldest_seconds')).toBeGreaterThan(0);
    await fresh.db.query(`update deliveries set status = 'cancelled'`);
    const none = await page();
    expect(none.value('posthorn_held_deliveries')).toBe(0);
    expect(none.text).not.toContain('posthorn_endpoint_held{');
  });
});
