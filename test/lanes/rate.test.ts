// A rate limit is kept by every worker that drains: by two workers, after a kill, and after a
// shutdown in the middle; over all endpoints of a tenant; and from the moment of a change. Checked
// at the receiver (pace.ts).
import { describe, expect, it } from 'vitest';
import { uuidOf } from '#domain/ids';
import { quickWaits } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { type LaneEndpoint, upTo } from './lane-stage.ts';
import { expectPaced } from './pace.ts';
import { useProcesses } from './process-stage.ts';

const at = useProcesses('t41', {}, { ...quickWaits, lanes: { ...quickWaits.lanes, lingerMs: 5_000 } });
const limit = { perSecond: 20, burst: 5 };
/** The requests of these endpoints are counted to the end, because workers may be killed. */
const counted = Promise.withResolvers<void>();

const mostInFlight = 32;

async function recordedOf({ id }: LaneEndpoint): Promise<string[]> {
  const rows = await at().stage.query<{ id: string }>(
    `select e.external_id as id from deliveries d join events e on e.id = d.event_id where d.endpoint_id = $1 and d.status = 'succeeded'`,
    [uuidOf(id)],
  );
  return rows.map((row) => row.id);
}

/** How many drains of this lane Temporal timed out: the worker was gone, or sent no heartbeat for 5 s. */
async function lostDrains({ id }: LaneEndpoint): Promise<number> {
  const { workflow } = at().stage.temporal;
  const latest = await workflow.getHandle(`lane/${id}`).describe();
  const attempts = (latest.raw.pendingActivities ?? []).map(({ attempt }) => attempt ?? 1);
  const runs = new Set([latest.runId]);
  for await (const { runId } of workflow.list({ query: `WorkflowId = 'lane/${id}'` })) runs.add(runId);
  for (const runId of runs) {
    const { events } = await workflow.getHandle(`lane/${id}`, runId).fetchHistory();
    attempts.push(...(events ?? []).flatMap(({ activityTaskStartedEventAttributes: started }) => started?.attempt ?? []));
  }
  return attempts.reduce((sum, attempt) => sum + attempt - 1, 0);
}

describe.concurrent('a rate of 20 a second', () => {
  it('is kept by two workers, everything arrives, and the idle lane has no workflow', async () => {
    const endpoint = await at().endpoint(await at().makeTenant(), { rateLimit: limit });
    const since = performance.now();
    try {
      await endpoint.post(60);
      await endpoint.reach('succeeded', 60);
      expectPaced(endpoint.requests(), limit, since);
      expect(endpoint.requests()).toHaveLength(60);
      expect(new Set(endpoint.accepted())).toEqual(new Set(upTo(60)));
    } finally {
      counted.resolve();
    }
    await endpoint.rests();
    await until('no workflow', async () => (await endpoint.openWorkflows()).length === 0);
  });

  it('counts retries like first attempts', async () => {
    const endpoint = await at().endpoint(await at().makeTenant(), { rateLimit: limit, retry: { schedule: ['100ms', '100ms'] } });
    endpoint.answer(
      (_request, response, count) => void response.writeHead(count === 1 && endpoint.requests().length % 4 === 0 ? 500 : 204).end(),
    );
    const since = performance.now();
    await endpoint.post(60);
    await endpoint.reach('succeeded', 60);
    expect(endpoint.requests().length).toBeGreaterThan(60);
    expectPaced(endpoint.requests(), limit, since);
  });

  it('is kept when the worker that drains is killed, and when the next one is shut down', async () => {
    const endpoint = await at().endpoint(await at().makeTenant(), { rateLimit: limit });
    const since = performance.now();
    await endpoint.post(170);
    await until('some to arrive', () => endpoint.requests().length >= 30);
    await counted.promise;
    await at().killWorker(await at().drainer(endpoint));
    const before = endpoint.requests().length;
    const recorded = await recordedOf(endpoint);
    // not awaited yet: the lane may be done before a slow machine has started a process
    const replacement = at().startWorker();
    await until('more to arrive', () => endpoint.requests().length >= before + 20);
    const next = await at().drainer(endpoint);
    at().workers.splice(at().workers.indexOf(next), 1);
    const asked = endpoint.requests().length;
    const [ended] = await Promise.all([next.stop(), replacement, at().startWorker()]);
    expect(ended).toMatchObject({ code: 0 });
    await endpoint.reach('succeeded', 170);
    expectPaced(endpoint.requests(), limit, since, [before, asked]);
    expect(new Set(endpoint.accepted())).toEqual(new Set(upTo(170)));
    // Duplicates were sent by the killed worker and not recorded: at most as many as an endpoint may have in flight.
    // A machine that delays a heartbeat for 5 s interrupts one more drain.
    expect(recorded.filter((id) => at().stage.receiver.of(id).length > 1)).toEqual([]);
    const lost = Math.max(1, await lostDrains(endpoint));
    expect(endpoint.requests().length).toBeLessThanOrEqual(170 + lost * mostInFlight);
  });
});

describe.concurrent('a rate', () => {
  it('of a tenant is kept over two of its endpoints together', async () => {
    const tenant = await at().makeTenant({ rateLimit: limit });
    const [one, other] = await Promise.all([at().endpoint(tenant), at().endpoint(tenant)]);
    const since = performance.now();
    await Promise.all([one.post(40), other.post(40)]);
    // neither endpoint waits until the other is done; the first to begin gets more until the other begins
    const posted = new Map([one, other].map((endpoint) => [endpoint, 40]));
    await until('both to have begun', async () => {
      const begun = [one, other].filter((endpoint) => endpoint.requests().length > 0);
      for (const endpoint of begun) {
        const before = posted.get(endpoint) ?? 0;
        if (begun.length === 2 || before > endpoint.requests().length + 20) continue;
        await endpoint.post(20);
        posted.set(endpoint, before + 20);
      }
      return begun.length === 2;
    });
    await Promise.all([...posted].map(([endpoint, count]) => endpoint.reach('succeeded', count)));
    expectPaced([...one.requests(), ...other.requests()], limit, since);
    const firstOf = (endpoint: typeof one) => endpoint.requests()[0]?.came ?? Number.POSITIVE_INFINITY;
    const lastOf = (endpoint: typeof one) => endpoint.requests().at(-1)?.came ?? 0;
    expect(firstOf(one)).toBeLessThan(lastOf(other));
    expect(firstOf(other)).toBeLessThan(lastOf(one));
  });

  it('that is raised applies to deliveries that wait already', async () => {
    const endpoint = await at().endpoint(await at().makeTenant(), { rateLimit: { perSecond: 0.1, burst: 1 } });
    await endpoint.post(30);
    await until('the first one', () => endpoint.requests().length > 0);
    await endpoint.change({ rateLimit: { perSecond: 100, burst: 10 } });
    // at the old rate this would take five minutes
    await endpoint.reach('succeeded', 30);
  });

  it('that is lowered applies to deliveries that wait already', async () => {
    const endpoint = await at().endpoint(await at().makeTenant(), { rateLimit: { perSecond: 10, burst: 1 } });
    await endpoint.post(200);
    await until('some to arrive', () => endpoint.requests().length >= 10);
    // the next request but one is due in 10 s, so the lane rests; at the old rate it would not
    await endpoint.change({ rateLimit: { perSecond: 0.1, burst: 1 } });
    await endpoint.waitsFor('rate');
    expect(endpoint.requests().length).toBeLessThan(200);
    await endpoint.change({ rateLimit: null });
    await endpoint.reach('succeeded', 200);
  });
});
