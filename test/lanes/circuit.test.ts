// A failing endpoint gets only probes: only probes with deliveries that are due use up attempts,
// and held deliveries have no workflows. And Retry-After holds back all deliveries of the endpoint.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quickWaits } from '../support/quick-timings.ts';
import type { Reply } from '../support/receiver.ts';
import { until } from '../support/until.ts';
import { type LaneEndpoint, type LaneStage, openLaneStage, upTo } from './lane-stage.ts';

let stage: LaneStage;
beforeAll(async () => {
  stage = await openLaneStage('t45', {}, { timings: quickWaits });
});
afterAll(() => stage?.close());

/** 20 failures in a row, and as many as may be in flight when the circuit opens. */
const refusedAtMost = 20 + 32;

async function attemptsSpent({ id }: LaneEndpoint): Promise<number> {
  const { rows } = await stage.where.db.query<{ attempts: number }>(
    'select coalesce(sum(attempts), 0)::int as attempts from deliveries where endpoint_id = $1',
    [id.slice('ep_'.length)],
  );
  return rows[0]?.attempts ?? 0;
}

const isOpen = (endpoint: LaneEndpoint) => until('the circuit to open', async () => (await endpoint.lane()).circuit?.state === 'open');

describe.concurrent('an endpoint that fails 20 times in a row', () => {
  it('gets one probe at a time, while the rest waits without attempts and workflows, and then gets everything', async () => {
    const endpoint = await stage.endpoint({ retry: { schedule: ['10s', '10s', '10s', '10s', '10s', '10s'] } });
    endpoint.answer([500]);
    await endpoint.post(25);
    await isOpen(endpoint);
    await until('the first attempts to be recorded', async () => (await endpoint.statuses()).pending === undefined);
    const came = endpoint.requests().length;
    await endpoint.post(100);
    await until('all of them to be held', async () => ((await endpoint.statuses()).held ?? 0) >= 100);
    const spent = await attemptsSpent(endpoint);
    expect(spent).toBeLessThanOrEqual(refusedAtMost);
    expect((await endpoint.openWorkflows()).length).toBeLessThanOrEqual(refusedAtMost);
    expect(await endpoint.waitsFor('circuit_open')).toMatchObject({ reasons: expect.arrayContaining(['failing']) });

    await until('a probe to be refused', async () => ((await endpoint.lane()).circuit?.refusedProbes ?? 0) >= 1);
    // a probe uses a delivery that is due, and uses up one attempt
    const refused = endpoint.requests().length;
    expect(refused).toBeGreaterThan(spent);
    await until('the probes to be recorded', async () => (await attemptsSpent(endpoint)) >= refused);
    expect(await attemptsSpent(endpoint)).toBeLessThanOrEqual(endpoint.requests().length);
    await until('the lane to take over the deliveries in backoff', async () => {
      // the lane itself has a workflow only where the budget had room for it
      const open = (await endpoint.openWorkflows()).filter((id) => !id.startsWith('lane/'));
      if (open.length > 0) throw new Error(open.join());
      return true;
    });
    endpoint.answer([204]);
    await endpoint.reach('succeeded', 125);
    const probes = endpoint.requests().slice(came, endpoint.requests().findIndex(({ answered }) => answered?.status === 204) + 3);
    expect(Math.max(...probes.map(({ atOnce }) => atOnce))).toBe(1);
    expect(new Set(endpoint.accepted())).toEqual(new Set(upTo(125)));
    expect(endpoint.requests().filter(({ answered }) => answered?.status === 204)).toHaveLength(125);
    // the drain saves what it learned every few seconds
    await until('the circuit to be shown closed', async () => ((await endpoint.lane()).circuit?.state ?? 'closed') === 'closed');
  });

  it('is probed in its order when it is ordered', async () => {
    const endpoint = await stage.endpoint({ ordering: 'endpoint', retry: { schedule: Array.from({ length: 40 }, () => '10ms') } });
    endpoint.answer([500]);
    await endpoint.post(40);
    await isOpen(endpoint);
    await until('a probe to be refused', async () => ((await endpoint.lane()).circuit?.refusedProbes ?? 0) >= 1);
    endpoint.answer([204]);
    await endpoint.reach('succeeded', 40);
    expect(endpoint.accepted()).toEqual(upTo(40));
    expect(Math.max(...endpoint.requests().map(({ atOnce }) => atOnce))).toBe(1);
  });

  it('does not affect another endpoint', async () => {
    const [bad, good] = await Promise.all([stage.endpoint({ retry: { schedule: ['1h'] } }), stage.endpoint()]);
    bad.answer([500]);
    await bad.post(30);
    await isOpen(bad);
    await good.post(30);
    await good.reach('succeeded', 30);
    expect(await good.lane()).toMatchObject({ state: 'none', held: 0 });
  });
});

let types = 0;

/** An endpoint that answers one event type with `status` and accepts another; posts events of both types. */
async function refusesOneType(status: number, settings: object) {
  const [bad, good] = [`bad${++types}.sent`, `good${types}.sent`];
  const endpoint = await stage.endpoint({ eventTypes: [bad, good], ...settings });
  endpoint.answer(({ body }, response) => void response.writeHead(JSON.parse(body.toString()).type === bad ? status : 204).end());
  const post = (type: string, count: number) => endpoint.post(count, (n) => ({ type, orderingKey: `k${n}` }));
  return { endpoint, postBad: (count: number) => post(bad, count), postGood: (count: number) => post(good, count) };
}

describe.concurrent('an endpoint that refuses one event type', () => {
  it('with 400 gets all others without a lane', async () => {
    const { endpoint, postBad, postGood } = await refusesOneType(400, { retry: { schedule: ['1h'] } });
    await postBad(25);
    await endpoint.reach('retrying', 25);
    await postGood(5);
    await endpoint.reach('succeeded', 5);
    expect(await endpoint.lane()).toMatchObject({ state: 'none', reasons: [], circuit: { state: 'closed' } });
  });

  it.each(['none', 'key'])('with 500 gets all others, while 40 of that type are tried again and again (ordering: %s)', async (ordering) => {
    const schedule = Array.from({ length: 50 }, () => '2s');
    const { endpoint, postBad, postGood } = await refusesOneType(500, { ordering, retry: { schedule } });
    await postBad(40);
    for (let n = 1; n <= 6; n++) {
      await postGood(1);
      // one event a second, or when the last one has arrived, whichever is later
      const since = Date.now();
      await endpoint.reach('succeeded', n);
      await until('a second to have passed', () => Date.now() - since >= 1_000);
    }
    await until('the circuit to be closed', async () => (await endpoint.lane()).circuit?.state !== 'open');
    expect(new Set(endpoint.accepted())).toEqual(new Set(Array.from({ length: 6 }, (_, n) => 40 + n)));
  });
});

/** Answers the first request with a Retry-After of two seconds. `calmUntil`: when that ends. */
function busyOnce(status: number): { reply: Reply; calmUntil(): number } {
  let calm = 0;
  return {
    calmUntil: () => calm,
    reply(_request, response) {
      if (calm > 0) return void response.writeHead(204).end();
      calm = Date.now() + 2_000;
      response.writeHead(status, { 'retry-after': '2' }).end();
    },
  };
}

describe.concurrent('Retry-After', () => {
  it.each([
    [429, {}],
    [503, {}],
    [429, { ordering: 'endpoint' }],
    [503, { rateLimit: { perSecond: 1_000, burst: 100 } }],
  ])('on %i holds back all deliveries of an endpoint with %j', async (status, settings) => {
    const { reply, calmUntil } = busyOnce(status);
    const endpoint = await stage.endpoint({ retry: { schedule: ['10ms', '10ms'] }, ...settings });
    endpoint.answer(reply);
    await endpoint.post(1);
    await until('the first response', () => calmUntil() > 0);
    await until('it to be recorded', async () => (await endpoint.show()).notBefore !== null);
    await endpoint.post(10);
    await endpoint.reach('succeeded', 11);
    for (const { at } of endpoint.requests().slice(1)) expect(at).toBeGreaterThanOrEqual(calmUntil());
    expect(endpoint.requests()).toHaveLength(12);
    if ('ordering' in settings) expect(endpoint.accepted()).toEqual(upTo(11));
  });

  it('is shown by the lane, which parked deliveries do not wake', async () => {
    const endpoint = await stage.endpoint({ retry: { schedule: ['10ms', '10ms'] } });
    endpoint.answer(
      (_request, response) => void response.writeHead(endpoint.requests().length === 1 ? 429 : 204, { 'retry-after': '3600' }).end(),
    );
    const [refused = ''] = await endpoint.post(1);
    await until('it to be recorded', async () => (await endpoint.show()).notBefore !== null);
    await endpoint.post(5);
    expect(await endpoint.waitsFor('retry_after')).toMatchObject({ reasons: expect.arrayContaining(['retry_after']) });
    await endpoint.post(5);
    await endpoint.reach('held', 11);
    await until('the lane to be blocked', async () => (await endpoint.lane()).state === 'blocked');
    expect(await endpoint.lane()).toMatchObject({ held: 11 });
    expect(endpoint.requests()).toHaveLength(1);
    // resume overrides Retry-After; the failed delivery still waits for its own backoff
    await endpoint.act('resume');
    await endpoint.reach('succeeded', 10);
    await endpoint.command(refused, 'retry-now');
    await endpoint.reach('succeeded', 11);
  });
});
