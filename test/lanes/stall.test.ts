// A worker is frozen (SIGSTOP) for longer than a request may take, while it drains: another worker
// takes over, the order is kept, and no accepted request counts as failed. And ordering that is
// switched on while deliveries are in backoff.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isLongChaos, quickWaits } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { type LaneEndpoint, type LaneStage, openLaneStage, sequenceOf, upTo } from './lane-stage.ts';
import { useProcesses } from './process-stage.ts';

const at = useProcesses('t50', {}, quickWaits);
/** A Posthorn without frozen workers. */
let elsewhere: LaneStage;
beforeAll(async () => {
  elsewhere = await openLaneStage('t53', {}, { timings: quickWaits });
});
afterAll(() => elsewhere?.close());

/** Longer than a request takes on a busy machine. */
const timeoutMs = 10_000;
/** So many that the freeze ends before them, at the rate of the test. */
const many = isLongChaos ? 500 : 400;
/** A request in flight would have timed out. */
const frozenForMs = timeoutMs + 2_000;

const slowly = (endpoint: LaneEndpoint, ms: number) =>
  endpoint.answer(async (_request, response) => {
    await delay(ms);
    response.writeHead(204).end();
  });

async function refusals(endpoint: LaneEndpoint): Promise<number> {
  const [row] = await at().stage.query<{ count: number }>(
    `select count(*)::int as count from attempts a join deliveries d on d.id = a.delivery_id where d.endpoint_id = $1 and a.outcome <> 'accepted'`,
    [endpoint.id.slice('ep_'.length)],
  );
  return row?.count ?? 0;
}

describe.concurrent('a worker that is frozen while it drains, and continued', () => {
  it('is replaced: the order is kept, at most one request overlaps, and no response that came during the freeze counts as a failure', async () => {
    const tenant = await at().makeTenant();
    const [ordered, wide] = await Promise.all([
      at().endpoint(tenant, { ordering: 'endpoint', timeoutMs }),
      at().endpoint(tenant, { rateLimit: { perSecond: 20, burst: 20 }, maxInFlight: 32, timeoutMs }),
    ]);
    slowly(ordered, 230);
    slowly(wide, 1_000);
    await Promise.all([ordered.post(70), wide.post(many)]);
    await until('both lanes to be at work', () => ordered.requests().length > 10 && wide.requests().length > 50);
    // another test covers a frozen relay
    await until('all to be in their lanes', async () => {
      const { held = 0, succeeded = 0 } = await wide.statuses();
      return held + succeeded === many;
    });
    const frozen = await at().drainer(ordered);
    const before = ordered.accepted().length;
    frozen.freeze();
    try {
      const frozenAt = performance.now();
      await until('another worker to take over', () => ordered.accepted().length > before + 10);
      expect((await at().drainer(ordered)).pid).not.toBe(frozen.pid);
      await delay(Math.max(0, frozenForMs - (performance.now() - frozenAt)));
      // so that requests of the frozen worker could come between the others
      await ordered.post(20);
    } finally {
      frozen.thaw();
    }
    await Promise.all([ordered.reach('succeeded', 90, 240_000), wide.reach('succeeded', many, 240_000)]);

    expect(ordered.accepted()).toEqual(upTo(90));
    for (const [n, request] of ordered.requests().entries()) {
      // a duplicate shifts the ones after it
      expect(n + 1 - sequenceOf(request)).toBeGreaterThanOrEqual(0);
      expect(n + 1 - sequenceOf(request)).toBeLessThanOrEqual(1);
    }
    expect(ordered.requests().length).toBeLessThanOrEqual(91);
    expect(ordered.requests().filter(({ atOnce }) => atOnce > 1).length).toBeLessThanOrEqual(1);
    expect(new Set(wide.accepted())).toEqual(new Set(upTo(many)));
    expect(wide.requests().length).toBeLessThanOrEqual(many + 32);
    expect([await refusals(ordered), await refusals(wide)]).toEqual([0, 0]);
    expect((await wide.lane()).circuit?.state ?? 'closed').toBe('closed');
  });
});

describe.concurrent('an order that is switched on while 80 deliveries sleep in backoff', () => {
  it('sends later events in order, and those in backoff too; one that is deferred for days holds up none', async () => {
    const endpoint = await elsewhere.endpoint({
      // longer than the 8 s after which an ordered lane begins; with the usual timeout of 15 s it would begin later
      retry: { schedule: Array.from({ length: 15 }, () => '15s') },
      timeoutMs: 5_000,
    });
    let refusing = true;
    endpoint.answer((request, response) => {
      const isThird = Number(request.headers['webhook-id']?.split('-').at(-1)) % 3 === 0;
      response.writeHead(refusing && isThird ? 500 : 204).end();
    });
    const deliverAt = new Date(Date.now() + 2 * 86_400_000).toISOString();
    // one in three fails, so that the circuit stays closed; the very first is deferred
    await endpoint.post(241, (n) => (n === 0 ? { deliverAt } : {}));
    const areAsleep = async () => {
      const { succeeded, retrying = 0, held = 0 } = await endpoint.statuses();
      if (succeeded !== 160 || retrying + held !== 80) throw new Error(JSON.stringify(await endpoint.statuses()));
      return true;
    };
    await until('80 to sleep', areAsleep, 180_000);
    refusing = false;
    await endpoint.change({ ordering: 'endpoint' });
    await endpoint.post(20);
    await endpoint.reach('succeeded', 260, 240_000);
    expect(await endpoint.statuses()).toEqual({ succeeded: 260, pending: 1 });
    const later = endpoint.accepted().filter((n) => n > 240);
    expect(later).toEqual(upTo(20).map((n) => 241 + n));
    const numbered = endpoint.requests().filter((request) => !Number.isNaN(sequenceOf(request)));
    const sequences = numbered.map(sequenceOf);
    expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
    const strictly = await endpoint.sequence();
    expect(strictly).toMatchObject({ lastSent: strictly.lastAccepted, gaps: [] });
  });
});
