// Regressions of the drain that an adversarial review found.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uuidOf } from '#domain/ids';
import { holding } from '../e2e/stage.ts';
import { type LaneStage, names, setLaneStage } from './lane.ts';

let stage: LaneStage;

beforeAll(async () => {
  stage = await setLaneStage();
});
afterAll(() => stage?.close());

const inAnHour = `update deliveries set next_attempt_at = now() + interval '1 hour' where id = any($1::uuid[])`;
const putOff = (ids: string[]) => stage.db.query(inAnHour, [ids.map(uuidOf)]);
const once = { retry: { initial: '1s', factor: 1, max: '1s', attempts: 1 } };

describe('ordering keys', () => {
  it('that a dead letter blocks do not stop the lane for other keys', async () => {
    const endpoint = await stage.makeEndpoint('/block', { ordering: 'key', on_dead_letter: 'block', ...once });
    await stage.park(endpoint, [
      { id: 'a1', key: 'a' },
      { id: 'a2', key: 'a' },
      { id: 'b1', key: 'b' },
    ]);
    stage.receiver.answer('/block', ({ headers }, response) => void response.writeHead(headers['webhook-id'] === 'a1' ? 400 : 204).end());
    expect(await stage.drain(endpoint)).toMatchObject({ state: 'idle', held: 1, dueInMs: null });
    await stage.park(endpoint, [{ id: 'b2', key: 'b' }]);
    await stage.drain(endpoint);
    expect(stage.arrived('/block').toSorted()).toEqual(['a1', 'b1', 'b2']);
  });

  it('stay blocked by their dead letters, however many keys there are', async () => {
    const endpoint = await stage.makeEndpoint('/blocked', { ordering: 'key', on_dead_letter: 'block' });
    const keyed = (id: string) => Array.from({ length: 1_100 }, (_, n) => ({ id: `${id}-${n}`, key: `k${n}` }));
    await stage.park(endpoint, keyed('gone-key'));
    await stage.db.query(`update deliveries set status = 'dead_lettered', next_attempt_at = null where endpoint_id = $1`, [
      uuidOf(endpoint),
    ]);
    await stage.park(endpoint, keyed('blocked-key'));
    await stage.park(endpoint, [{ id: 'free-key', key: 'another' }, { id: 'nokey-1' }]);
    expect(await stage.drain(endpoint)).toMatchObject({ state: 'idle', wait: 'blocked_by_dead_letter', held: 1_100 });
    expect(stage.arrived('/blocked').toSorted()).toEqual(['free-key', 'nokey-1']);
    // blocked deliveries are not used as probes either
    await stage.db.query(`update lanes set circuit = $2 where endpoint_id = $1`, [
      uuidOf(endpoint),
      { state: 'open', refusedProbes: 0, refusedSince: 0, accepted: [], probeAtMs: 0 },
    ]);
    expect(await stage.drain(endpoint)).toMatchObject({ state: 'idle', held: 1_100, sent: 0 });
  });

  it('are found behind a whole page of waiting rows without a key', async () => {
    const endpoint = await stage.makeEndpoint('/hidden', { ordering: 'key' });
    await putOff(await stage.park(endpoint, names('keyless', 105)));
    await stage.park(endpoint, [{ id: 'due', key: 'k' }]);
    const report = await stage.drain(endpoint);
    expect(stage.arrived('/hidden')).toEqual(['due']);
    expect(report).toMatchObject({ state: 'idle', held: 105 });
    expect(report.dueInMs).toBeGreaterThan(3_000_000);
  });

  it('are found behind other keys whose heads wait, however many rows those have', async () => {
    const endpoint = await stage.makeEndpoint('/hot', { ordering: 'key' });
    for (let key = 0; key < 5; key++) {
      const [head = ''] = await stage.park(
        endpoint,
        Array.from({ length: 101 }, (_, n) => ({ id: `hot-${key}-${n}`, key: `k${key}` })),
      );
      await putOff([head]);
    }
    await stage.park(endpoint, [{ id: 'cold', key: 'cold' }]);
    await stage.drain(endpoint);
    expect(stage.arrived('/hot')).toEqual(['cold']);
  });
});

describe('a response that stops the lane counts at once', () => {
  it('410: only the requests in flight arrive', async () => {
    const endpoint = await stage.makeEndpoint('/gone');
    await stage.park(endpoint, names('gone', 100));
    stage.receiver.answer('/gone', (_request, response) => void response.writeHead(410).end());
    expect(await stage.drain(endpoint)).toMatchObject({ state: 'blocked', wait: 'disabled' });
    expect(stage.arrived('/gone').length).toBeLessThanOrEqual(8);
  });

  it('429 with Retry-After: only the requests in flight arrive', async () => {
    const endpoint = await stage.makeEndpoint('/peace');
    await stage.park(endpoint, names('peace', 100));
    stage.receiver.answer('/peace', (_request, response) => void response.writeHead(429, { 'retry-after': '60' }).end());
    expect(await stage.drain(endpoint)).toMatchObject({ state: 'blocked', wait: 'retry_after' });
    expect(stage.arrived('/peace').length).toBeLessThanOrEqual(8);
  });
});

it('an endpoint that was disabled for failing and is resumed by hand is probed at once', async () => {
  const endpoint = await stage.makeEndpoint('/dead', { auto_recover: false });
  await stage.park(endpoint, names('dead', 30));
  let dead = true;
  stage.receiver.answer('/dead', (_request, response) => void response.writeHead(dead ? 500 : 204).end());
  const report = await stage.drain(endpoint, undefined, { disableAfterMs: 10 });
  expect(report).toMatchObject({ state: 'blocked', wait: 'disabled', dueInMs: null });
  expect((await stage.db.query('select kind from alerts where endpoint_id = $1', [uuidOf(endpoint)])).rows).toEqual([
    { kind: 'endpoint.disabled' },
  ]);
  dead = false;
  await stage.change(endpoint, { gate: 'open', gate_reason: null });
  await stage.drain(endpoint);
  expect((await stage.statuses(endpoint)).succeeded).toBeGreaterThan(20);
});

it('the circuit opens after failures of several drains with one attempt each', async () => {
  const endpoint = await stage.makeEndpoint('/slow', {
    ordering: 'endpoint',
    retry: { initial: '1h', factor: 1, max: '1h', attempts: 50 },
  });
  await stage.park(endpoint, names('slow', 1));
  stage.receiver.answer('/slow', (_request, response) => void response.writeHead(500).end());
  let opened = 0;
  for (let drains = 1; drains <= 20; drains++) {
    await stage.drain(endpoint, undefined, { times: { firstProbeMs: 5_000, longestProbeMs: 5_000 } });
    await stage.db.query('update deliveries set next_attempt_at = now() where endpoint_id = $1', [uuidOf(endpoint)]);
    const { circuit } = await stage.lane(endpoint);
    if (circuit?.state === 'open') opened ||= drains;
  }
  expect(opened).toBe(20);
});

it('a coalescing key that is in flight opens a new window for later events', async () => {
  const endpoint = await stage.makeEndpoint('/slow-latest', { coalesce_ms: 300 });
  const hold = holding();
  stage.receiver.answer('/slow-latest', (request, response, count) =>
    request.headers['webhook-id'] === 'first' ? hold.reply(request, response, count) : void response.writeHead(204).end(),
  );
  await stage.park(endpoint, [{ id: 'first', coalesceKey: 'a' }]);
  const draining = stage.drain(endpoint, undefined, { lingerMs: 1_500 });
  await hold.held();
  for (let n = 0; n < 12; n++) await stage.park(endpoint, [{ id: `later-${n}`, coalesceKey: 'a' }]);
  hold.release(204);
  await draining;
  expect(await stage.statuses(endpoint)).toEqual({ succeeded: 2, cancelled: 11 });
  expect(stage.arrived('/slow-latest')).toEqual(['first', 'later-11']);
});

it('a retried batch is one request, although its members fall due one after the other', async () => {
  const endpoint = await stage.makeEndpoint('/wide', { batch: { maxEvents: 900, maxWaitMs: 200 } });
  await stage.park(endpoint, names('wide', 900));
  const live = new Map<string, number>();
  let doubles = 0;
  stage.receiver.answer('/wide', async ({ headers }, response, count) => {
    const id = headers['webhook-id'] ?? '';
    live.set(id, (live.get(id) ?? 0) + 1);
    if ((live.get(id) ?? 0) > 1) doubles++;
    await new Promise((resolve) => setTimeout(resolve, 50));
    live.set(id, (live.get(id) ?? 1) - 1);
    response.writeHead(count < 3 ? 500 : 204).end();
  });
  await stage.drain(endpoint);
  expect(await stage.statuses(endpoint)).toEqual({ succeeded: 900 });
  expect(doubles).toBe(0);
  expect(new Set(stage.arrived('/wide')).size).toBe(1);
});

it('a head that was cancelled during its POST does not block its line', async () => {
  const endpoint = await stage.makeEndpoint('/cancelled', {
    ordering: 'endpoint',
    retry: { initial: '1h', factor: 1, max: '1h', attempts: 5 },
  });
  const [head = ''] = await stage.park(endpoint, names('cancelled', 2));
  stage.receiver.answer('/cancelled', async ({ headers }, response) => {
    if (headers['webhook-id'] === 'cancelled-0')
      await stage.db.query(`update deliveries set status = 'cancelled', next_attempt_at = null where id = $1`, [uuidOf(head)]);
    response.writeHead(headers['webhook-id'] === 'cancelled-0' ? 500 : 204).end();
  });
  await stage.drain(endpoint);
  expect(await stage.statuses(endpoint)).toEqual({ cancelled: 1, succeeded: 1 });
});

it('a failure inside Posthorn while the circuit is open is retried after a pause, not in a tight loop', async () => {
  const endpoint = await stage.makeEndpoint('/fault');
  await stage.park(endpoint, names('fault', 1));
  await stage.db.query(
    `update lanes set circuit = '{"state":"open","refusedProbes":0,"refusedSince":0,"accepted":[],"probeAtMs":0}' where endpoint_id = $1`,
    [uuidOf(endpoint)],
  );
  // without a valid secret the request cannot be signed
  await stage.db.query('delete from endpoint_secrets where endpoint_id = $1', [uuidOf(endpoint)]);
  const stopping = new AbortController();
  setTimeout(() => stopping.abort(), 1_500);
  await stage.drain(endpoint, stopping.signal);
  const { rows } = await stage.db.query('select faults from deliveries where endpoint_id = $1', [uuidOf(endpoint)]);
  expect(rows[0].faults).toBeLessThanOrEqual(3);
});

it('a drain that is stopped while the one before may still send leaves that wait to the next drain', async () => {
  const endpoint = await stage.makeEndpoint('/unclean');
  await stage.park(endpoint, names('unclean', 1));
  await stage.db.query('update lanes set ended_at = null where endpoint_id = $1', [uuidOf(endpoint)]);
  const stopping = new AbortController();
  setTimeout(() => stopping.abort(), 50);
  expect(await stage.drain(endpoint, stopping.signal)).toMatchObject({ state: 'awake', sent: 0 });
  expect((await stage.lane(endpoint)).ended_at).toBeNull();
});

describe('an event that is always refused', () => {
  const bad = ({ headers }: { headers: Record<string, string> }, status: number) =>
    headers['webhook-id']?.startsWith('bad') ? 422 : status;

  it('does not keep the circuit of an endpoint without order open', async () => {
    const endpoint = await stage.makeEndpoint('/bad', { retry: { initial: '1h', factor: 1, max: '1h', attempts: 50 } });
    // park the bad ones first: parked together, they could come in any order
    await stage.park(endpoint, names('bad', 2));
    await stage.park(endpoint, names('good', 40));
    let refusals = 25;
    stage.receiver.answer('/bad', (request, response) => void response.writeHead(bad(request, refusals-- > 0 ? 500 : 204)).end());
    await stage.drain(endpoint);
    expect((await stage.lane(endpoint)).circuit).toBeNull();
    expect((await stage.statuses(endpoint)).succeeded).toBeGreaterThan(15);
  });

  it('becomes a dead letter also as the head of an ordered endpoint, which then goes on', async () => {
    const endpoint = await stage.makeEndpoint('/bad-head', {
      ordering: 'endpoint',
      retry: { initial: '10ms', factor: 1, max: '10ms', attempts: 9 },
    });
    await stage.park(endpoint, [...names('bad-head', 3), ...names('good-head', 3)]);
    stage.receiver.answer('/bad-head', (request, response) => void response.writeHead(bad(request, 204)).end());
    await stage.drain(endpoint, undefined, { times: { firstProbeMs: 50, longestProbeMs: 100 } });
    expect(await stage.statuses(endpoint)).toEqual({ dead_lettered: 3, succeeded: 3 });
  });
});

it('a lane with a low rate limit rests between its requests', async () => {
  const endpoint = await stage.makeEndpoint('/seldom', { rate_limit: { perSecond: 0.1, burst: 1 } });
  await stage.park(endpoint, names('seldom', 3));
  const report = await stage.drain(endpoint);
  expect(report).toMatchObject({ state: 'blocked', wait: 'rate', held: 2, sent: 1 });
  expect(report.dueInMs).toBeGreaterThan(5_000);
});
