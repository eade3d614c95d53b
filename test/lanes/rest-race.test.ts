// A drain goes to rest just as a delivery is parked: the drain finds the row, or the parker finds
// the lane at rest. Parking has two steps: commit the row, then read the lane's state. Each step is
// made at each point of the drain's way to rest, in every combination.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Db } from '#db/store/pool';
import { type LaneStage, names, setLaneStage } from './lane.ts';

let stage: LaneStage;
beforeAll(async () => {
  stage = await setLaneStage();
});
afterAll(() => stage?.close());

/** The points that a drain passes on its way to rest, in this order. */
const points = ['before it rests', 'when its rest is committed', 'when it has looked again', 'when it has ended'] as const;
type Point = (typeof points)[number];
const pairs = points.flatMap((held, index) => points.slice(index).map((signalled) => ({ held, signalled })));

/** A database that stops the first drain at each point until `at` is done. */
function stoppingAt(db: Db, at: (point: Point) => Promise<void>): Db {
  const passed = new Set<Point>();
  const pass = async (point: Point) => {
    if (passed.has(point)) return;
    passed.add(point);
    await at(point);
  };
  let rested = false;
  const query = async (statement: { name?: string }) => {
    if (statement.name === 'rest_lane') await pass('before it rests');
    if (statement.name === 'resume_rested') await pass('when it has looked again');
    const answer = await db.query(statement as never);
    if (statement.name === 'rest_lane') {
      rested = true;
      await pass('when its rest is committed');
    }
    if (rested && statement.name === 'next_held_in_ms') await pass('when it has looked again');
    return answer;
  };
  return { query: query as never, connect: () => db.connect() };
}

it.each(pairs)('no delivery is lost that is held $held and signalled $signalled', async ({ held, signalled }) => {
  const id = `race-${points.indexOf(held)}-${points.indexOf(signalled)}`;
  const endpoint = await stage.makeEndpoint(`/${id}`, { rate_limit: { perSecond: 10_000, burst: 100 } });
  await stage.park(endpoint, names(id, 1));
  const late = { id: `${id}-late` };
  const seen: Point[] = [];
  const at = async (point: Point) => {
    seen.push(point);
    if (point === held) await stage.hold(endpoint, [late]);
    if (point === signalled) await stage.tell(endpoint);
  };
  await stage.drain(endpoint, undefined, { db: stoppingAt(stage.db, at), lingerMs: 0 });
  await at('when it has ended');
  expect(seen).toEqual(points);
  // one of the two has seen the other: a delivery that is not sent yet has woken its lane
  while ((await stage.lane(endpoint)).state === 'awake') await stage.drain(endpoint, undefined, { lingerMs: 0 });
  expect(await stage.statuses(endpoint)).toEqual({ succeeded: 2 });
  expect(stage.arrived(`/${id}`)).toEqual([`${id}-0`, late.id]);
});
