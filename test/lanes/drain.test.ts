// One drain of one lane: what it sends, in which order, and how it ends.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDeliveryJob } from '#db/deliveries/deliveries';
import { decryptExchange } from '#db/deliveries/exchanges';
import { liveSecrets } from '#db/endpoints/secrets';
import { readTenantEndpoints } from '#db/endpoints/tenant-endpoints';
import { readLaneEndpoint } from '#db/lanes/lane-endpoint';
import { takeLane } from '#db/lanes/lane-ownership';
import { idOf, uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { testContents } from '../support/contents.ts';
import { until } from '../support/until.ts';
import { type LaneStage, names, setLaneStage } from './lane.ts';
import { expectPaced } from './pace.ts';
import { rounds } from './rounds.ts';

let stage: LaneStage;

beforeAll(async () => {
  stage = await setLaneStage();
});
afterAll(() => stage?.close());

describe.concurrent('a drain', () => {
  it('sends all held deliveries, closes the lane and ends', async () => {
    const endpoint = await stage.makeEndpoint('/plain');
    await stage.park(endpoint, names('plain', 300));
    const report = await stage.drain(endpoint);
    expect(report).toMatchObject({ state: 'idle', dueInMs: null, held: 0, sent: 300 });
    expect(new Set(stage.arrived('/plain')).size).toBe(300);
    expect(await stage.statuses(endpoint)).toEqual({ succeeded: 300 });
    expect(await stage.lane(endpoint)).toMatchObject({ state: 'idle', parks: false });
  });

  it('ramps up: one in flight, then two, then four, up to the limit', async () => {
    const endpoint = await stage.makeEndpoint('/ramp');
    await stage.park(endpoint, names('ramp', 31));
    const { reply, round } = rounds();
    stage.receiver.answer('/ramp', reply);
    const drained = stage.drain(endpoint);
    for (const size of [1, 2, 4, 8, 8, 8]) await round(size);
    await drained;
    expect(await stage.statuses(endpoint)).toEqual({ succeeded: 31 });
  });

  it('sends first attempts before retries, and retries before replays, even when those are longer due', async () => {
    const endpoint = await stage.makeEndpoint('/urgent', { max_in_flight: 1 });
    const rows = await stage.park(endpoint, names('urgent', 9));
    const leave = async (columns: string, since: number, ...of: number[]) =>
      stage.db.query(`update deliveries set ${columns}, next_attempt_at = now() - interval '${since} minutes' where id = any($1)`, [
        of.map((n) => uuidOf(rows[n] ?? '')),
      ]);
    await leave('round = 2', 30, 0, 3, 6);
    await leave('attempts = 1', 20, 1, 4, 7);
    await leave('attempts = 0', 10, 2, 5, 8);
    await stage.drain(endpoint);
    const kinds = stage.arrived('/urgent').map((id) => ['replay', 'retry', 'first'][Number(id.slice('urgent-'.length)) % 3]);
    expect(kinds).toEqual([...Array(3).fill('first'), ...Array(3).fill('retry'), ...Array(3).fill('replay')]);
  });

  it('keeps the order of an endpoint during a retry, and numbers without a gap', async () => {
    const endpoint = await stage.makeEndpoint('/strict', { ordering: 'endpoint' });
    const sent = names('strict', 30);
    await stage.park(endpoint, sent);
    let refused = false;
    stage.receiver.answer('/strict', ({ headers }, response) => {
      const refuse = headers['webhook-id'] === 'strict-7' && !refused;
      refused ||= refuse;
      response.writeHead(refuse ? 500 : 204).end();
    });
    const report = await stage.drain(endpoint);
    expect(report).toMatchObject({ state: 'idle', held: 0 });
    const ids = sent.map(({ id }) => id);
    expect(stage.arrived('/strict')).toEqual([...ids.slice(0, 8), ...ids.slice(7)]);
    expect(stage.sequences('/strict')).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 8, ...Array.from({ length: 22 }, (_, n) => n + 9)]);
  });

  it('keeps the order of each key, and sends keys side by side', async () => {
    const endpoint = await stage.makeEndpoint('/keys', { ordering: 'key', retry: { schedule: Array(100).fill('500ms') } });
    await stage.park(
      endpoint,
      Array.from({ length: 60 }, (_, n) => ({ id: `keys-${n}`, key: `k${n % 6}` })),
    );
    let lastOfOthers = false;
    stage.receiver.answer('/keys', ({ headers }, response) => {
      const id = headers['webhook-id'];
      lastOfOthers ||= id === 'keys-59';
      // The retries of one key hold up no other key: they are refused until the last delivery of another key has come.
      // A retry that hangs instead would keep the only place, when the throttle allows just one.
      response.writeHead(id === 'keys-6' && !lastOfOthers ? 500 : 204).end();
    });
    await stage.drain(endpoint);
    const accepted = stage.arrived('/keys').filter((id, index, all) => all.lastIndexOf(id) === index);
    for (let key = 0; key < 6; key++) {
      const numbers = accepted.map((id) => Number(id.slice(5))).filter((n) => n % 6 === key);
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
      expect(numbers).toHaveLength(10);
    }
  });

  it('rests while the gate is closed, and its rows wait', async () => {
    const endpoint = await stage.makeEndpoint('/paused', { gate: 'held', gate_reason: 'paused' });
    await stage.park(endpoint, names('paused', 3));
    expect(await stage.drain(endpoint)).toMatchObject({ state: 'blocked', wait: 'paused', dueInMs: null, held: 3, sent: 0 });
    await stage.change(endpoint, { gate: 'open' });
    expect(await stage.drain(endpoint)).toMatchObject({ state: 'idle', sent: 3 });
  });

  it('opens its circuit after 20 failures, sends one probe at a time for one attempt each, and goes on after three successes', async () => {
    const endpoint = await stage.makeEndpoint('/down');
    await stage.park(endpoint, names('down', 60));
    // 20 failures open the circuit, five probes fail
    let left = 25;
    const probes: number[] = [];
    stage.receiver.answer('/down', (request, response) => {
      if (--left < 5) probes.push(request.atOnce);
      response.writeHead(left >= 0 ? 500 : 204).end();
    });
    expect(await stage.drain(endpoint)).toMatchObject({ state: 'idle', held: 0 });
    expect(await stage.statuses(endpoint)).toEqual({ succeeded: 60 });
    expect(Math.max(...probes.slice(0, 8))).toBe(1);
    // each success and each failed probe is one attempt: a delivery was due for every probe
    const spent = 'select sum(attempts)::int as n from deliveries where endpoint_id = $1';
    expect((await stage.db.query(spent, [uuidOf(endpoint)])).rows).toEqual([{ n: 60 + 25 }]);
    expect(stage.arrived('/down')).toHaveLength(60 + 25);
  });

  it('makes a dead letter when the retries are used up, tells Temporal, and goes on with the next delivery', async () => {
    const endpoint = await stage.makeEndpoint('/spent', {
      ordering: 'endpoint',
      retry: { initial: '1s', factor: 1, max: '1s', attempts: 1 },
    });
    const [first] = await stage.park(endpoint, names('spent', 3));
    stage.receiver.answer(
      '/spent',
      ({ headers }, response) => void response.writeHead(headers['webhook-id'] === 'spent-0' ? 400 : 204).end(),
    );
    await stage.drain(endpoint);
    expect(await stage.statuses(endpoint)).toEqual({ dead_lettered: 1, succeeded: 2 });
    expect(stage.told).toContainEqual({ kind: 'start', deliveryId: first, status: 'dead_lettered' });
  });

  it('waits for a blocking dead letter until that is resolved', async () => {
    const endpoint = await stage.makeEndpoint('/block', {
      ordering: 'endpoint',
      on_dead_letter: 'block',
      retry: { initial: '1s', factor: 1, max: '1s', attempts: 1 },
    });
    const [first] = await stage.park(endpoint, names('block', 3));
    stage.receiver.answer(
      '/block',
      ({ headers }, response) => void response.writeHead(headers['webhook-id'] === 'block-0' ? 400 : 204).end(),
    );
    expect(await stage.drain(endpoint)).toMatchObject({ state: 'blocked', wait: 'blocked_by_dead_letter', held: 2 });
    await stage.db.query('update deliveries set position = null where id = $1', [uuidOf(first ?? '')]);
    expect(await stage.drain(endpoint)).toMatchObject({ state: 'idle', held: 0 });
    expect(stage.arrived('/block')).toEqual(['block-0', 'block-1', 'block-2']);
  });

  it('sends batches, each with one signature and one id', async () => {
    const endpoint = await stage.makeEndpoint('/batch', { batch: { maxEvents: 20, maxWaitMs: 300 } });
    await stage.park(endpoint, names('batch', 50));
    stage.receiver.answer('/batch', (_request, response, count) => void response.writeHead(count === 1 ? 500 : 200).end());
    await stage.drain(endpoint);
    expect(await stage.statuses(endpoint)).toEqual({ succeeded: 50 });
    const requests = stage.receiver.requests.filter(({ path }) => path === '/batch');
    const of = new Map(requests.map(({ headers, body }) => [headers['webhook-id'], JSON.parse(body.toString())]));
    expect([...of.values()].map((elements) => elements.length).toSorted((a, b) => a - b)).toEqual([10, 20, 20]);
    expect(requests).toHaveLength(6);
    for (const { headers, body } of requests) {
      expect(headers['webhook-id']).toMatch(/^bat_/);
      expect(JSON.parse(body.toString())).toEqual(of.get(headers['webhook-id']));
    }
    expect(
      [...of.values()]
        .flat()
        .map(({ id }) => id)
        .toSorted(),
    ).toEqual(
      names('batch', 50)
        .map(({ id }) => id)
        .toSorted(),
    );
  });

  it('sends only the latest of a coalescing key when its window ends', async () => {
    const endpoint = await stage.makeEndpoint('/latest', { coalesce_ms: 400 });
    await stage.park(endpoint, [
      { id: 'latest-1', coalesceKey: 'a' },
      { id: 'latest-2', coalesceKey: 'a' },
      { id: 'other', coalesceKey: 'b' },
      { id: 'none' },
      { id: 'latest-3', coalesceKey: 'a' },
    ]);
    await stage.drain(endpoint);
    expect(stage.arrived('/latest').toSorted()).toEqual(['latest-3', 'none', 'other']);
    expect(await stage.statuses(endpoint)).toEqual({ succeeded: 3, cancelled: 2 });
  });
});

it('a drain keeps the rate limit', async () => {
  const endpoint = await stage.makeEndpoint('/rate', { rate_limit: { perSecond: 20, burst: 2 } });
  await stage.park(endpoint, names('rate', 45));
  const since = performance.now();
  await stage.drain(endpoint);
  const requests = stage.receiver.requests.filter(({ path }) => path === '/rate');
  expect(requests).toHaveLength(45);
  expectPaced(requests, { perSecond: 20, burst: 2 }, since);
});

it('every signer uses the secret that was created last as the newest', async () => {
  const { db, tenantId } = stage;
  const older = newId('sec');
  const endpoint = await stage.makeEndpoint('/secrets');
  const [delivery = ''] = await stage.park(endpoint, names('secrets', 1));
  // its id was generated before that of the first secret
  await db.query(
    `insert into endpoint_secrets (id, endpoint_id, sealed, valid_from) select $2, endpoint_id, sealed, valid_from + interval '1 ms' from endpoint_secrets where endpoint_id = $1`,
    [uuidOf(endpoint), uuidOf(older)],
  );
  const taken = await takeLane(db, endpoint);
  const [{ endpoints } = { endpoints: null }] = await readTenantEndpoints(db, [tenantId], 1_000);
  const seen = [
    await readDeliveryJob(db, delivery),
    await readLaneEndpoint(db, endpoint, taken?.epoch ?? 0),
    endpoints?.find(({ endpointId }) => endpointId === endpoint),
  ];
  for (const one of seen) expect(one?.secrets.map(({ id }) => id)[0]).toBe(older);
  expect((await liveSecrets(db, endpoint))[0]?.secretId).toBe(older);
});

describe.concurrent('an event that cannot be sent', () => {
  const batch = JSON.stringify({ maxEvents: 4, maxWaitMs: 60_000 });
  const rowsOf = async (ids: string[]) => Promise.all(ids.map((id) => stage.delivery(id)));

  /** Drains until `succeeded` deliveries have succeeded. */
  async function drainUntil(endpoint: string, succeeded: number): Promise<void> {
    const stop = new AbortController();
    const drained = stage.drain(endpoint, stop.signal);
    await until('them to succeed', async () => (await stage.statuses(endpoint)).succeeded === succeeded);
    stop.abort();
    await drained;
  }

  it.each([
    { ordering: 'none', sent: [0, 2, 3] },
    { ordering: 'endpoint', sent: [0] },
  ])('leaves its batch, which is sent without it: $ordering', async ({ ordering, sent }) => {
    const path = `/spoilt-${ordering}`;
    const endpoint = await stage.makeEndpoint(path, { batch, ordering });
    const ids = await stage.park(endpoint, names(`spoilt-${ordering}`, 4));
    const broken = (await stage.delivery(ids[1] ?? '')).event_id;
    await stage.db.query(`update events set body = '\\x0200' where id = $1`, [broken]);
    stage.receiver.answer(path, (_request, response) => void response.writeHead(200).end('thanks for all'));
    await drainUntil(endpoint, sent.length);
    const rows = await rowsOf(ids);
    expect(rows.map(({ faults }) => faults)).toEqual([0, 1, 0, 0]);
    expect(rows.map(({ status }) => status)).toEqual(ids.map((_, n) => (sent.includes(n) ? 'succeeded' : 'held')));
    // with the batch's id the receiver would take them for duplicates
    for (const [n, { batch_id }] of rows.entries()) expect(batch_id === null).toBe(!sent.includes(n));
    const { rows: attempts } = await stage.db.query<{ id: string; exchange: Buffer }>(
      'select a.id, a.exchange, a.status_code, a.batch_id = d.batch_id as linked from attempts a join deliveries d on d.id = a.delivery_id where d.endpoint_id = $1',
      [uuidOf(endpoint)],
    );
    expect(attempts).toEqual(sent.map(() => expect.objectContaining({ status_code: 200, linked: true })));
    // the response is stored once for the batch, the request with each of its deliveries
    const open = ({ id, exchange }: { id: string; exchange: Buffer }) => decryptExchange(testContents(stage.db), idOf('att', id), exchange);
    const exchanges = await Promise.all(attempts.map(open));
    expect(exchanges.filter(({ response }) => response !== null)).toHaveLength(1);
    for (const { sent: request } of exchanges) expect(request?.batch).toEqual({ events: sent.length, number: 1, isTest: false });
  });

  it.each(['none', 'endpoint'])('is cancelled when it was erased before it was held, and the others are sent: %s', async (ordering) => {
    const endpoint = await stage.makeEndpoint(`/erased-${ordering}`, { ordering });
    const ids = await stage.park(endpoint, names(`erased-${ordering}`, 3));
    const erased = (await stage.delivery(ids[0] ?? '')).event_id;
    await stage.db.query(`update events set body = '', erased_at = now() where id = $1`, [erased]);
    await stage.drain(endpoint);
    expect(stage.arrived(`/erased-${ordering}`).sort()).toEqual([`erased-${ordering}-1`, `erased-${ordering}-2`]);
    expect((await rowsOf(ids)).map(({ status, faults }) => [status, faults])).toEqual([
      ['cancelled', 0],
      ['succeeded', 0],
      ['succeeded', 0],
    ]);
  });
});
