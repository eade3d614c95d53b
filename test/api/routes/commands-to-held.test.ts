// Commands to deliveries of endpoints with lanes: the row becomes, stays or leaves `held`, and the
// lane is signalled.

import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createObeyDeliveryCommand } from '#activities/obey-delivery-command';
import { bySystem } from '#db/audit/audit';
import { obeyCommand } from '#db/deliveries/commands';
import { parkExisting } from '#db/lanes/parking';
import { apiOfFile } from '../api-of-file.ts';
import { planned } from '../deliveries-at-hand.ts';
import { held, laneOf, leave, openLane, type Row, rowOf } from '../lanes-at-hand.ts';

const { api, tenant } = await apiOfFile();
const url = 'http://127.0.0.1:9/hook';

const command = (id: string, name: string) => api.post(`/v1/deliveries/${id}/${name}`);
const make = async (settings: object) => (await api.makeEndpoint(tenant, url, settings)).id;
const paced = { rateLimit: { perSecond: 1 } };
const strict = { ordering: 'endpoint', onDeadLetter: 'block' };
const spent = `status = 'dead_lettered', attempts = 9, next_attempt_at = null, sequence = 4, batch_id = gen_random_uuid()`;

describe('replay', () => {
  it('holds the delivery for the lane, which is opened, and starts no workflow', async () => {
    const endpoint = await make(paced);
    const id = await held(api, tenant, endpoint);
    await leave(api, id, `${spent}, own_workflow = false, coalesce_key = 'a'`);
    const before = await rowOf(api, id);
    const answer = await command(id, 'replay');
    expect(answer).toMatchObject({ status: 202, body: { status: 'held', round: 2, attempts: 0, workflowId: `lane/${endpoint}` } });
    const row = await rowOf(api, id);
    expect(row).toMatchObject({ own_workflow: false, batch_id: null, sequence: null });
    expect(row.position).toBeGreaterThan(before.position ?? Number.POSITIVE_INFINITY);
    expect(Number(row.next_attempt_at)).toBeLessThanOrEqual(Date.now() + 1_000);
    expect(await laneOf(api, endpoint)).toBe('awake');
  });

  it('wakes an idle lane, but not one that is blocked for another reason', async () => {
    for (const [state, after] of [
      ['idle', 'awake'],
      ['blocked', 'blocked'],
    ]) {
      const endpoint = await make(paced);
      const id = await held(api, tenant, endpoint);
      await leave(api, id, spent);
      await openLane(api, endpoint, `state = '${state}', due_at = null`);
      expect((await command(id, 'replay')).status).toBe(202);
      expect(await laneOf(api, endpoint)).toBe(after);
    }
  });

  it.each<[string, object, string, boolean]>([
    ['a dead letter that blocks', strict, 'dead_lettered', true],
    ['a dead letter that blocks a key', { ...strict, ordering: 'key' }, 'dead_lettered', true],
    ['a dead letter that was skipped', { ordering: 'endpoint' }, 'dead_lettered', false],
    ['a succeeded delivery', strict, 'succeeded', false],
  ])('of %s keeps or renews its place and number', async (_, settings, status, keeps) => {
    const endpoint = await make(settings);
    const id = await held(api, tenant, endpoint, { orderingKey: 'k' });
    await leave(api, id, spent.replace('dead_lettered', status));
    await openLane(api, endpoint, `state = 'blocked', due_at = null, state_reason = 'blocked_by_dead_letter'`);
    const before = await rowOf(api, id);
    expect((await command(id, 'replay')).body.status).toBe('held');
    const after = await rowOf(api, id);
    expect(after.lane_key).toBe('ordering' in settings && settings.ordering === 'key' ? 'k' : null);
    if (keeps) expect(after).toMatchObject({ position: before.position, sequence: 4 });
    else expect([after.sequence, Number(after.position) > Number(before.position)]).toEqual([null, true]);
    // the lane waited for a dead letter, and is woken
    if (keeps) expect(await laneOf(api, endpoint)).toBe('awake');
  });

  it('of a delivery that lost its place comes last', async () => {
    const endpoint = await make(strict);
    const [id, last] = [await held(api, tenant, endpoint), await held(api, tenant, endpoint)];
    await leave(api, id, `${spent}, position = null`);
    await command(id, 'replay');
    expect(Number((await rowOf(api, id)).position)).toBeGreaterThan(Number((await rowOf(api, last)).position));
  });

  it('of a held delivery is refused, and of two concurrent replays one is obeyed', async () => {
    const endpoint = await make(paced);
    const id = await held(api, tenant, endpoint);
    expect(await command(id, 'replay')).toMatchObject({ status: 409, body: { detail: 'The delivery is held: replay does not apply.' } });
    await leave(api, id, spent);
    const answers = await Promise.all([command(id, 'replay'), command(id, 'replay')]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([202, 409]);
    expect(await rowOf(api, id)).toMatchObject({ status: 'held', round: 2 });
  });

  it('repeated with its Idempotency-Key is one replay, and wakes the lane again', async () => {
    const endpoint = await make(paced);
    const id = await held(api, tenant, endpoint);
    await leave(api, id, spent);
    const replay = { kind: 'replay', replayId: randomUUID() } as const;
    await obeyCommand(api.db, id, replay, 'outside');
    const first = await rowOf(api, id);
    expect(await api.deps.giveCommand(id, replay)).toMatchObject({ obeyed: true, status: 'held' });
    expect(await rowOf(api, id)).toEqual(first);
    expect(await laneOf(api, endpoint)).toBe('awake');
  });

  it('from its workflow holds it, too, and the workflow can end', async () => {
    const endpoint = await make(paced);
    const id = await held(api, tenant, endpoint);
    await leave(api, id, spent);
    const obey = createObeyDeliveryCommand(api.db, api.deps.lanes, bySystem);
    const replay = { kind: 'replay', replayId: 'from-workflow' } as const;
    for (let n = 0; n < 2; n++)
      expect(await obey({ deliveryId: id, command: replay })).toMatchObject({
        state: { status: 'held', attempts: 0 },
        answer: { obeyed: true, status: 'held' },
      });
    expect(await rowOf(api, id)).toMatchObject({ round: 2 });
    expect(await laneOf(api, endpoint)).toBe('awake');
  });

  it.each<[string, object, string?]>([
    ['is paused', {}, 'pause'],
    ['asked for a Retry-After', {}, `update endpoints set not_before = now() + interval '1 hour' where id = $1`],
    [
      'has a lane that parks',
      {},
      `insert into lanes (endpoint_id, tenant_id, parks, reason, state) select id, tenant_id, true, 'cap', 'awake' from endpoints where id = $1`,
    ],
    [
      'has a tenant with a rate',
      {},
      `update tenants set rate_limit = '{"perSecond":1}' where id = (select tenant_id from endpoints where id = $1)`,
    ],
  ])('also holds the delivery when its endpoint %s', async (_, settings, how) => {
    const owner = await api.makeTenant();
    const endpoint = (await api.makeEndpoint(owner, url, settings)).id;
    const [id = ''] = await planned(api, owner, await api.postEvent(owner), [endpoint]);
    await leave(api, id, `status = 'dead_lettered'`);
    if (how === 'pause') await api.post(`/v1/endpoints/${endpoint}/pause`);
    else if (how) await api.db.query(how, [endpoint.slice(3)]);
    expect((await command(id, 'replay')).body.status).toBe('held');
  });
});

describe('retry-now', () => {
  it('makes a held delivery due, and wakes its lane', async () => {
    const endpoint = await make(paced);
    const id = await held(api, tenant, endpoint);
    await leave(api, id, `attempts = 2, next_attempt_at = now() + interval '1 hour'`);
    await openLane(api, endpoint, `state = 'idle', due_at = now() + interval '1 hour'`);
    expect(await command(id, 'retry-now')).toMatchObject({ status: 202, body: { status: 'held', attempts: 2 } });
    expect(Number((await rowOf(api, id)).next_attempt_at)).toBeLessThanOrEqual(Date.now() + 1_000);
    expect(await laneOf(api, endpoint)).toBe('awake');
  });

  it('wakes a lane that waits for that head', async () => {
    const endpoint = await make(strict);
    const id = await held(api, tenant, endpoint);
    await leave(api, id, `attempts = 1, next_attempt_at = now() + interval '1 hour'`);
    await openLane(api, endpoint, `state = 'blocked', due_at = now() + interval '1 hour', state_reason = 'head_in_backoff'`);
    expect((await command(id, 'retry-now')).status).toBe(202);
    expect(await laneOf(api, endpoint)).toBe('awake');
  });
});

const peace = `not_before = now() + interval '1 hour'`;
const setEndpoint = (id: string, columns: string) => api.db.query(`update endpoints set ${columns} where id = $1`, [id.slice(3)]);

describe('retry-now of a delivery whose endpoint is blocked', () => {
  it.each([
    ['paused', `gate = 'held', gate_reason = 'paused'`, 'The endpoint is paused. Resume it first.'],
    ['disabled', `gate = 'disabled', gate_reason = 'failed for too long'`, 'The endpoint is disabled. Resume it first.'],
    ['unverified', `gate = 'held', gate_reason = 'unverified'`, 'The endpoint is not verified. Verify it first.'],
  ])('is refused while it is %s, and changes nothing', async (_, columns, detail) => {
    const endpoint = await make(paced);
    const [id, waiting = ''] = [
      await held(api, tenant, endpoint),
      ...(await planned(api, tenant, await api.postEvent(tenant), [endpoint])),
    ];
    await leave(api, id, `attempts = 1, next_attempt_at = now() + interval '1 hour'`);
    await leave(api, waiting, `status = 'retrying', attempts = 1, next_attempt_at = now() + interval '1 hour'`);
    await setEndpoint(endpoint, columns);
    const before = [await rowOf(api, id), await rowOf(api, waiting)];
    for (const delivery of [id, waiting]) expect(await command(delivery, 'retry-now')).toMatchObject({ status: 409, body: { detail } });
    // the same by a signal to its workflow or to the operator workflow
    const obey = createObeyDeliveryCommand(api.db, api.deps.lanes, bySystem);
    await obey({ deliveryId: waiting, command: { kind: 'retry-now' } });
    expect(await api.deps.giveCommand(id, { kind: 'retry-now' })).toMatchObject({ obeyed: false, status: 'held' });
    expect([await rowOf(api, id), await rowOf(api, waiting)]).toEqual(before);
    expect((await api.get(`/v1/deliveries/${id}`)).body.nextAttemptAt).toBeNull();
  });

  it.each([
    ['endpoint', 'behind another', {}, 409],
    ['key', 'behind another of its key', {}, 409],
    ['key', 'behind another of another key', { orderingKey: 'b' }, 202],
    ['key', 'without a key', { orderingKey: undefined }, 202],
  ])('ordered by %s, of one %s: %j', async (ordering, _, event, status) => {
    const endpoint = await make({ ordering });
    await held(api, tenant, endpoint, { orderingKey: 'a' });
    const id = await held(api, tenant, endpoint, { orderingKey: 'a', ...event });
    const answer = await command(id, 'retry-now');
    expect(answer.status).toBe(status);
    if (status === 409) expect(answer.body.detail).toMatch(/earlier deliveries are still waiting/);
  });

  it('is refused while a dead letter blocks', async () => {
    const endpoint = await make(strict);
    const [first, id] = [await held(api, tenant, endpoint), await held(api, tenant, endpoint)];
    await leave(api, first, spent);
    expect(await command(id, 'retry-now')).toMatchObject({ status: 409, body: { detail: expect.stringMatching(/dead letter blocks/) } });
  });

  it.each([
    ['blocked', true],
    ['idle', true],
    ['awake', true],
  ])('goes before all others during a Retry-After, and wakes a lane that is %s', async (state) => {
    const endpoint = await make({});
    const [id, other] = [await held(api, tenant, endpoint), await held(api, tenant, endpoint)];
    await setEndpoint(endpoint, peace);
    await openLane(api, endpoint, `state = '${state}', due_at = now() + interval '1 hour', state_reason = 'retry_after'`);
    const shown = async (delivery: string) => Date.parse((await api.get(`/v1/deliveries/${delivery}`)).body.nextAttemptAt) - Date.now();
    expect(await shown(id)).toBeGreaterThan(3_000_000);
    expect((await command(id, 'retry-now')).status).toBe(202);
    expect(await laneOf(api, endpoint)).toBe('awake');
    expect(await shown(id)).toBeLessThan(1_000);
    expect(await shown(other)).toBeGreaterThan(3_000_000);
    const { rows } = await api.db.query('select hurried from lanes where endpoint_id = $1', [endpoint.slice(3)]);
    expect(rows).toEqual([{ hurried: true }]);
  });

  it('is not lost when the delivery is parked afterwards', async () => {
    const endpoint = await make({});
    const [id = ''] = await planned(api, tenant, await api.postEvent(tenant), [endpoint]);
    await leave(api, id, `status = 'retrying', attempts = 1, next_attempt_at = now() + interval '1 hour'`);
    await openLane(api, endpoint, `state = 'blocked', due_at = now() + interval '1 hour', state_reason = 'retry_after'`);
    expect((await command(id, 'retry-now')).status).toBe(202);
    // the drain has not found it
    await api.db.query('update lanes set hurried = false where endpoint_id = $1', [endpoint.slice(3)]);
    expect(await parkExisting(api.db, id)).toBe('held');
    await api.deps.lanes.parked([endpoint]);
    expect(await laneOf(api, endpoint)).toBe('awake');
  });
});

describe('release', () => {
  it.each<[string, object, Partial<Row>]>([
    ['of an endpoint with a lane holds the delivery', paced, { status: 'held' }],
    ['of an endpoint without a lane sends it', {}, { status: 'retrying' }],
  ])('%s', async (_, settings, after) => {
    const endpoint = await make(settings);
    const id = await held(api, tenant, endpoint);
    await leave(api, id, `status = 'quarantined', faults = 10, next_attempt_at = null, attempts = 3`);
    expect(await command(id, 'release')).toMatchObject({ status: 202, body: { ...after, attempts: 3, faults: 0 } });
    expect(await laneOf(api, endpoint)).toBe(after.status === 'held' ? 'awake' : null);
  });
});

describe('cancel', () => {
  it.each<[string, object, string, boolean]>([
    ['a dead letter that blocks', strict, spent, true],
    ['a quarantined delivery that blocks', strict, `status = 'quarantined'`, true],
    ['a head in backoff', { ordering: 'endpoint' }, `attempts = 1, next_attempt_at = now() + interval '1 hour'`, true],
    ['a later delivery', strict, 'attempts = 0', false],
    ['a dead letter without a place', strict, `${spent}, position = null`, false],
    ['a delivery without an ordering', paced, `attempts = 1, next_attempt_at = now() + interval '1 hour'`, false],
  ])('of %s wakes the blocked lane, or does not', async (_, settings, columns, looks) => {
    const endpoint = await make(settings);
    const id = await held(api, tenant, endpoint);
    await leave(api, id, columns);
    await openLane(api, endpoint, `state = 'blocked', due_at = null`);
    expect(await command(id, 'cancel')).toMatchObject({ status: 202, body: { status: 'cancelled', nextAttemptAt: null } });
    expect(await laneOf(api, endpoint)).toBe(looks ? 'awake' : 'blocked');
  });

  it('of a delayed delivery cancels it', async () => {
    const endpoint = await make({});
    const event = await api.postEvent(tenant, { deliverAt: new Date(Date.now() + 29 * 86_400_000).toISOString() });
    const [id = ''] = await planned(api, tenant, event, [endpoint]);
    expect((await api.get(`/v1/deliveries/${id}`)).body.status).toBe('pending');
    expect(await command(id, 'cancel')).toMatchObject({ status: 202, body: { status: 'cancelled', nextAttemptAt: null } });
  });
});

it('deleting an endpoint cancels its held, retrying and dead-lettered deliveries, keeps them in history, and wakes its lane', async () => {
  const endpoint = await make({});
  const ids: string[] = [];
  for (const columns of [`own_workflow = false`, `status = 'retrying'`, spent, `status = 'succeeded'`]) {
    const id = await held(api, tenant, endpoint);
    await leave(api, id, columns);
    ids.push(id);
  }
  await openLane(api, endpoint, `state = 'blocked', due_at = null`);
  expect((await api.call('DELETE', `/v1/endpoints/${endpoint}`)).status).toBe(204);
  const statuses = await Promise.all(ids.map(async (id) => (await api.get(`/v1/deliveries/${id}`)).body.status));
  expect(statuses).toEqual(['cancelled', 'cancelled', 'cancelled', 'succeeded']);
  expect(await laneOf(api, endpoint)).toBe('awake');
  for (const name of ['replay', 'retry-now', 'release']) expect((await command(ids[0] ?? '', name)).status).toBe(409);
});
