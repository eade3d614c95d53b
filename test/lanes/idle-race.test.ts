// A lane goes idle just as a delivery is parked, many times: no such delivery is forgotten. The
// sweep, which would find it otherwise, does not see these lanes. `rest-race` decides the order of
// the steps; here real workflows meet them at random.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isLongChaos, quickWaits } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { chance, type LaneEndpoint, type LaneStage, makeLane, openLaneStage } from './lane-stage.ts';

let stage: LaneStage;
const logged: string[] = [];
beforeAll(async () => {
  stage = await openLaneStage('t49', {}, { timings: quickWaits, logTo: { write: (line) => void logged.push(line) } });
});
afterAll(() => stage?.close());

// few, so that even a busy machine starts all their drains soon
const lanes = 16;
const roundsEach = isLongChaos ? 5 : 2;
/** Set this to the seed of a failed run to repeat it. */
const seed = Math.random().toString(36).slice(2);

const arrived = (endpoint: LaneEndpoint, count: number) =>
  until(`${count} to arrive`, () => new Set(endpoint.requests().map(({ headers }) => headers['webhook-id'])).size === count);

/** From now on the sweep finds no lane of this tenant: a lost wakeup stays lost, and a slow one does not look lost. */
async function hideFromSweep(tenant: string): Promise<void> {
  await stage.where.db.query(`
    create function hide_from_sweep() returns trigger language plpgsql as $$
    begin
      new.drain_seen := now() + interval '1 hour';
      return new;
    end $$;
    create trigger hide_from_sweep before insert or update on lanes for each row
      when (new.tenant_id = '${await tenantIdOf(tenant)}') execute function hide_from_sweep()`);
}

async function tenantIdOf(tenant: string): Promise<string> {
  const { rows } = await stage.where.db.query<{ id: string }>('select id from tenants where external_id = $1', [tenant]);
  return rows[0]?.id ?? '';
}

/** Measures how long a drain lingers before it ends, so that the gaps of this test are about as long. */
async function lingerOf(endpoint: LaneEndpoint): Promise<number> {
  await endpoint.post(1);
  await arrived(endpoint, 1);
  const since = performance.now();
  await until('its drain to end', async () => (await endpoint.lane()).state === 'idle', undefined, 10);
  return performance.now() - since;
}

/** Bursts of one to three, with gaps that end about when the drain does. */
async function play(endpoint: LaneEndpoint, lane: number, lingerMs: number): Promise<void> {
  let posted = endpoint.requests().length;
  for (let round = 0; round < roundsEach; round++) {
    const dice = (what: string) => chance(`${seed} ${lane} ${round} ${what}`);
    const burst = 1 + Math.floor(3 * dice('burst'));
    await endpoint.post(burst);
    posted += burst;
    await arrived(endpoint, posted);
    // every other gap ends very close to the end of the drain; the others spread further
    const spread = round % 2 === 0 ? 0.04 : 0.3;
    await delay(lingerMs * (1 + spread * (2 * dice('gap') - 1)));
  }
}

describe.concurrent('a lane that goes idle just as a delivery is parked', () => {
  it(`forgets no delivery in ${lanes * roundsEach} rounds, without the sweep, and ends when it is over (seed ${seed})`, async () => {
    const tenant = await stage.posthorn.makeTenant();
    await hideFromSweep(tenant);
    const endpoints = await Promise.all(
      Array.from({ length: lanes }, () => makeLane(stage.where, tenant, { rateLimit: { perSecond: 10_000, burst: 10_000 } })),
    );
    const [first] = endpoints;
    if (!first) throw new Error('no endpoint');
    const lingerMs = await lingerOf(first);
    await Promise.all(endpoints.map((endpoint, lane) => play(endpoint, lane, lingerMs)));
    // nor did the second safety net find any: once a minute it looks for held deliveries without a lane
    expect(logged.join('')).not.toContain('relay.lanes_forgotten');
    for (const endpoint of endpoints) {
      expect(Object.keys(await endpoint.statuses())).toEqual(['succeeded']);
      expect(endpoint.requests()).toHaveLength(endpoint.accepted().length);
    }
    await Promise.all(endpoints.map((endpoint) => endpoint.rests()));
    await until('no lane to have a workflow', async () => {
      const open = await Promise.all(endpoints.map((one) => one.openWorkflows()));
      return open.flat().length === 0;
    });
  });

  it('is found by the sweep when its workflow was not told', async () => {
    const endpoint = await stage.endpoint({ rateLimit: { perSecond: 100, burst: 10 } });
    await lingerOf(endpoint);
    // as if a process had died after the commit: the lane is awake and due, and no workflow knows
    await stage.where.db.query(
      `update lanes set state = 'awake', due_at = now() - interval '20 seconds', drain_seen = now() - interval '20 seconds'
      where endpoint_id = $1`,
      [endpoint.id.slice('ep_'.length)],
    );
    await endpoint.post(1);
    await endpoint.reach('succeeded', 2);
  });
});
