// An endpoint that fails one event type: 400 or 500 for that type does not stop the others, and an
// outage uses up attempts only as fast as each delivery's schedule. The probe pauses are so long
// here that the drain rests at each; the test makes the next probe due.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uuidOf } from '#domain/ids';
import type { LaneReport } from '#domain/lanes/lane';
import { type LaneStage, setLaneStage } from './lane.ts';

let stage: LaneStage;
beforeAll(async () => {
  stage = await setLaneStage();
});
afterAll(() => stage?.close());

const times = { firstProbeMs: 3_600_000, longestProbeMs: 3_600_000 };
const once = { retry: { schedule: ['1h', '1h'] } };
const mostAtOnce = 8;

/** Events of a type that the endpoint fails or accepts, each with its own key. */
const some = (type: 'bad' | 'good', path: string, count: number, from = 0) =>
  Array.from({ length: count }, (_, n) => ({
    id: `${path.slice(1)}-${type}-${from + n}`,
    key: `${type}-${from + n}`,
    type: `order.${type}`,
  }));
const arrived = (path: string, type: 'bad' | 'good') => stage.arrived(path).filter((id) => id.includes(`-${type}-`)).length;

function refuseBad(path: string, status: number): void {
  stage.receiver.answer(
    path,
    ({ headers }, response) => void response.writeHead(headers['webhook-id']?.includes('-bad-') ? status : 204).end(),
  );
}

const drain = (endpoint: string) => stage.drain(endpoint, undefined, { times });
/** Drains until the pause after the next failed probe, or until nothing is left to do. */
async function probe(endpoint: string): Promise<LaneReport> {
  await stage.toProbe(endpoint);
  return drain(endpoint);
}
const attempts = async (endpoint: string): Promise<Record<string, number>> => {
  const { rows } = await stage.db.query(
    'select event_type, attempts, count(*)::int as n from deliveries where endpoint_id = $1 group by 1, 2',
    [uuidOf(endpoint)],
  );
  return Object.fromEntries(rows.map((row) => [`${row.event_type} ${row.attempts}`, row.n]));
};

describe.each([{}, { ordering: 'key' }, { ordering: 'endpoint' }])('an endpoint of %j', (settings) => {
  it('that answers 400 to one type gets the other types at once', async () => {
    const path = `/400-${settings.ordering ?? 'none'}`;
    // at an ordered endpoint the head holds up the rest until its retries are used up
    const retry = settings.ordering === 'endpoint' ? { retry: { schedule: ['1ms'] } } : once;
    const endpoint = await stage.makeEndpoint(path, { ...settings, ...retry });
    refuseBad(path, 400);
    await stage.park(endpoint, some('bad', path, 25));
    await drain(endpoint);
    await stage.park(endpoint, some('good', path, 5));
    expect(await drain(endpoint)).toMatchObject({ state: 'idle' });
    expect(arrived(path, 'good')).toBe(5);
    const spent = settings.ordering === 'endpoint' ? 2 : 1;
    expect(await attempts(endpoint)).toEqual({ [`order.bad ${spent}`]: 25, 'order.good 1': 5 });
    expect((await stage.lane(endpoint)).circuit?.state ?? 'closed').toBe('closed');
  });
});

describe.each([{}, { ordering: 'key' }])('an endpoint of %j', (settings) => {
  it('that answers 500 to one type gets every other event with the next probe, and no more probes of that type', async () => {
    const path = `/500-${settings.ordering ?? 'none'}`;
    const endpoint = await stage.makeEndpoint(path, { ...settings, ...once });
    refuseBad(path, 500);
    // more than one page of a read
    await stage.park(endpoint, some('bad', path, 150));
    expect(await drain(endpoint)).toMatchObject({ state: 'blocked', wait: 'circuit_open' });
    let refused = arrived(path, 'bad');
    expect(refused).toBeLessThan(20 + mostAtOnce);
    for (const n of [0, 1]) {
      await stage.park(endpoint, some('good', path, 1, n));
      expect(await probe(endpoint)).toMatchObject({ state: 'blocked', wait: 'circuit_open' });
      expect([arrived(path, 'good'), arrived(path, 'bad')]).toEqual([n + 1, ++refused]);
    }
    await stage.park(endpoint, some('good', path, 1, 2));
    expect(await probe(endpoint)).toMatchObject({ state: 'idle' });
    // each follows its own schedule: one attempt so far
    expect(await attempts(endpoint)).toEqual({ 'order.bad 1': 150, 'order.good 1': 3 });

    await stage.db.query(`update deliveries set next_attempt_at = now() where endpoint_id = $1 and status = 'held'`, [uuidOf(endpoint)]);
    await stage.park(endpoint, some('good', path, 20, 3));
    expect(await drain(endpoint)).toMatchObject({ state: 'idle' });
    expect(await attempts(endpoint)).toEqual({ 'order.bad 2': 150, 'order.good 1': 23 });
    expect(await stage.lane(endpoint)).toMatchObject({ circuit: { state: 'closed' } });
    const health = await stage.db.query('select counts from endpoint_health where endpoint_id = $1', [uuidOf(endpoint)]);
    expect(health.rows).toMatchObject([{ counts: { inRow: 0, types: [{ type: 'order.bad', alone: true }] } }]);

    // when everything fails, the other type opens the circuit as usual
    stage.receiver.answer(path, (_request, response) => void response.writeHead(503).end());
    await stage.park(endpoint, some('good', path, 40, 23));
    expect(await drain(endpoint)).toMatchObject({ state: 'blocked', wait: 'circuit_open' });
  });
});

describe('an outage', () => {
  it.each(['none', 'key', 'endpoint'])(
    'uses up an attempt for each probe that is due, and none for a probe before its due time (ordering: %s)',
    async (ordering) => {
      const path = `/outage-${ordering}`;
      const endpoint = await stage.makeEndpoint(path, { ordering, ...once });
      stage.receiver.answer(path, (_request, response) => void response.writeHead(500).end());
      await stage.park(endpoint, some('bad', path, 3));
      await stage.db.query(
        `update lanes set circuit = '{"state":"open","refusedProbes":0,"refusedSince":0,"accepted":[],"probeAtMs":0}' where endpoint_id = $1`,
        [uuidOf(endpoint)],
      );
      for (let n = 0; n < 9; n++) await probe(endpoint);
      expect(stage.arrived(path)).toHaveLength(9);
      expect(await attempts(endpoint)).toEqual(ordering === 'endpoint' ? { 'order.bad 0': 2, 'order.bad 1': 1 } : { 'order.bad 1': 3 });
      // probes before the due time rotate too
      if (ordering !== 'endpoint')
        for (const { id } of some('bad', path, 3)) expect(stage.arrived(path).filter((one) => one === id)).toHaveLength(3);
      const marks = await stage.db.query(
        `select a.probe, count(*)::int as n from attempts a join deliveries d on d.id = a.delivery_id where d.endpoint_id = $1 group by 1 order by 1`,
        [uuidOf(endpoint)],
      );
      const spent = ordering === 'endpoint' ? 1 : 3;
      expect(marks.rows).toEqual([
        { probe: false, n: spent },
        { probe: true, n: 9 - spent },
      ]);
    },
  );
});
