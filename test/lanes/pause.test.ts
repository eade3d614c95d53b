// A paused endpoint: events are accepted and held, nothing is sent, and no signal is sent for each
// event. After the resume the held deliveries are sent in order, with a ramp.
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { holding } from '../e2e/stage.ts';
import { quietLanes } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { type LaneEndpoint, type LaneStage, numbersIn, openLaneStage, upTo } from './lane-stage.ts';
import { rounds } from './rounds.ts';

let stage: LaneStage;
beforeAll(async () => {
  // every lane has its workflow, also while Temporal is slow
  stage = await openLaneStage('t44', { POSTHORN_DISPATCH: 'individual' }, { timings: quietLanes });
});
afterAll(() => stage?.close());

/** The signals that the runs of the lane's workflow got. Temporal's visibility may miss the latest run for a moment. */
async function signals({ id }: LaneEndpoint): Promise<number> {
  const { workflow } = stage.posthorn.temporal;
  const runs = new Set([(await workflow.getHandle(`lane/${id}`).describe()).runId]);
  for await (const { runId } of workflow.list({ query: `WorkflowId = 'lane/${id}'` })) runs.add(runId);
  let count = 0;
  for (const runId of runs) {
    const { events } = await workflow.getHandle(`lane/${id}`, runId).fetchHistory();
    count += (events ?? []).filter((event) => event.workflowExecutionSignaledEventAttributes != null).length;
  }
  return count;
}

/** Posts events one by one, so that they are held in this order. */
async function postHeld(endpoint: LaneEndpoint, count: number): Promise<string[]> {
  const ids: string[] = [];
  const { held = 0 } = await endpoint.statuses();
  for (let n = 1; n <= count; n++) {
    ids.push(...(await endpoint.post(1)));
    await endpoint.reach('held', held + n);
  }
  return ids;
}

describe.concurrent('a paused endpoint', () => {
  it('accepts and holds events, reports that, and is signalled once for each change and never for an event', async () => {
    const endpoint = await stage.endpoint();
    await endpoint.post(3);
    await endpoint.reach('succeeded', 3);
    expect(await endpoint.lane()).toMatchObject({ state: 'none', held: 0 });
    expect((await endpoint.act('pause')).body).toMatchObject({ gate: 'held' });
    await endpoint.post(1);
    expect(await endpoint.waitsFor('paused')).toMatchObject({ held: 1, reasons: expect.arrayContaining(['paused']) });
    await endpoint.post(30);
    for (let n = 0; n < 20; n++) await endpoint.post(1);
    await endpoint.reach('held', 51);
    const view = await endpoint.lane();
    expect(view).toMatchObject({ state: 'blocked', held: 51 });
    expect(view.oldestHeldAgeMs).toBeGreaterThan(0);
    expect(await signals(endpoint)).toBe(1);
    expect(endpoint.requests()).toHaveLength(3);

    await endpoint.act('resume');
    await endpoint.reach('succeeded', 54);
    expect(await signals(endpoint)).toBe(2);
    expect(new Set(endpoint.accepted())).toEqual(new Set(upTo(54)));
    expect(endpoint.requests()).toHaveLength(54);
  });

  it('gets nothing more than the requests in flight once its lane has read the pause', async () => {
    const endpoint = await stage.endpoint({ rateLimit: { perSecond: 5, burst: 1 } });
    // at this rate all events would take a minute
    await endpoint.post(300);
    await until('some to arrive and the others to be held', async () => {
      const { held = 0, succeeded = 0 } = await endpoint.statuses();
      return succeeded >= 10 && held + succeeded === 300;
    });
    await endpoint.act('pause');
    await endpoint.waitsFor('paused');
    const came = endpoint.requests().length;
    expect(came).toBeLessThan(300);
    await postHeld(endpoint, 3);
    expect(endpoint.requests()).toHaveLength(came);
    expect(await endpoint.statuses()).toEqual({ succeeded: came, held: 303 - came });
    await endpoint.change({ rateLimit: null });
    await endpoint.act('resume');
    await endpoint.reach('succeeded', 303);
  });

  it('finishes and records the request that was in flight', async () => {
    const hold = holding();
    const endpoint = await stage.endpoint();
    endpoint.answer(hold.reply);
    await endpoint.post(1);
    await hold.held();
    await endpoint.act('pause');
    await postHeld(endpoint, 2);
    hold.release(204);
    await endpoint.reach('succeeded', 1);
    expect(endpoint.requests()).toHaveLength(1);
    endpoint.answer([204]);
    await endpoint.act('resume');
    await endpoint.reach('succeeded', 3);
    expect(endpoint.requests()).toHaveLength(3);
  });

  it('gets its deliveries in order after the resume, with a ramp of 1, 2, 4, 8 in flight', async () => {
    const endpoint = await stage.endpoint({ maxInFlight: 8 });
    await endpoint.act('pause');
    await postHeld(endpoint, 23);
    const { reply, round } = rounds();
    endpoint.answer(reply);
    await endpoint.act('resume');
    const came: number[] = [];
    for (const size of [1, 2, 4, 8, 8]) came.push(...(await round(size)).flatMap(numbersIn).sort((a, b) => a - b));
    expect(came).toEqual(upTo(23));
    await endpoint.reach('succeeded', 23);
  });

  it('uses a new URL, secret, filter and limits for held deliveries, with unchanged bodies', async () => {
    const endpoint = await stage.endpoint();
    const twin = await stage.endpoint({ eventTypes: [endpoint.type] });
    await endpoint.act('pause');
    await postHeld(endpoint, 8);
    const path = `${endpoint.path}-moved`;
    // events accepted under the old filter are sent; new events do not match the new one
    await endpoint.change({ url: stage.receiver.url + path, eventTypes: ['something.else'], maxInFlight: 1 });
    const { body } = await stage.posthorn.post(`/v1/endpoints/${endpoint.id}/rotate-secret`, { overlap: '0s' });
    await endpoint.post(1);
    await twin.reach('succeeded', 9);
    expect(await endpoint.statuses()).toEqual({ held: 8 });
    await endpoint.act('resume');
    await endpoint.reach('succeeded', 8);
    expect(endpoint.requests()).toEqual([]);
    const moved = stage.receiver.requests.filter((request) => request.path === path);
    expect(moved).toHaveLength(8);
    const bytes = new Map(twin.requests().map((request) => [request.headers['webhook-id'], request.body]));
    for (const request of moved) {
      new Webhook(body.secret).verify(request.body, request.headers);
      expect(request.body).toEqual(bytes.get(request.headers['webhook-id']));
      expect(request.atOnce).toBe(1);
    }
  });
});

describe.concurrent('a lane that is awake', () => {
  it.each([
    ['rate-limited', { rateLimit: { perSecond: 200, burst: 20 } }],
    ['strictly ordered', { ordering: 'endpoint' }],
  ])('of a %s endpoint is not signalled for each of 500 events', async (_what, settings) => {
    const endpoint = await stage.endpoint(settings);
    // until every part knows that it is awake, each post may signal it: however long that takes, it is over before the others
    await endpoint.post(10);
    await endpoint.reach('succeeded', 10);
    const before = await signals(endpoint);
    for (let posts = 1; posts < 50; posts++) await endpoint.post(10);
    await endpoint.reach('succeeded', 500);
    expect((await signals(endpoint)) - before).toBeLessThan(25);
  });
});
