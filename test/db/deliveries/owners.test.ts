// The property that no delivery has two owners, and none has no owner: random interleavings of pumps, workflow, lane, sweep,
// commands and crashes, with the product's statements on a real row.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isUnderWay } from '#domain/deliveries/delivery';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import type { Outcome, Row } from './owned-delivery.ts';
import { World } from './owners-world.ts';
import type { PumpProcess } from './pump-process.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

/** What a step needs besides its kind. */
interface Dice {
  outcome: Outcome;
  /** What the budget answers. */
  hasRoom: boolean;
  yes: boolean;
}

interface Step {
  name: string;
  weight: number;
  may: boolean;
  run(dice: Dice): Promise<void> | void;
}

function ofPump({ delivery, pumps }: World, n: 0 | 1, { status, pumped }: Row): Step[] {
  const [pump, other] = n === 0 ? pumps : [pumps[1], pumps[0]];
  const isBusy = pump.isBusy();
  const mayLease = isUnderWay(status) && pumped && !pump.isFrozen && !isBusy;
  const attempt = async (by: PumpProcess) => {
    await by.lease();
    await by.post();
  };
  const standStill = async () => {
    await pump.freeze();
    await attempt(other);
    await pump.thaw();
  };
  return [
    { name: `pump ${n} attempts it when it is due`, weight: 8, may: mayLease, run: () => delivery.pass().then(() => attempt(pump)) },
    { name: `pump ${n} stands still while the other one attempts it`, weight: 8, may: isBusy && !pump.isFrozen, run: standStill },
    { name: `pump ${n} leases`, weight: 4, may: mayLease, run: () => pump.lease() },
    { name: `pump ${n} posts`, weight: 8, may: pump.hasLeased && !pump.isFrozen, run: () => pump.post() },
    { name: `pump ${n} stops`, weight: 3, may: isBusy && !pump.isFrozen, run: () => pump.freeze() },
    { name: `pump ${n} continues`, weight: 2, may: pump.isFrozen, run: () => pump.thaw() },
    { name: `pump ${n} is killed`, weight: 1, may: isBusy, run: ({ yes }) => pump.kill(yes) },
  ];
}

function ofOthers(world: World, row: Row): Step[] {
  const isWaiting = isUnderWay(row.status) || row.status === 'held';
  const isOver = row.status === 'dead_lettered' || row.status === 'succeeded';
  const isOpen = world.workflow === 'open';
  const [own, lane] = [world.delivery.of('workflow') !== undefined, world.delivery.of('lane') !== undefined];
  return [
    { name: 'time passes', weight: 6, may: row.isTimed, run: () => world.delivery.pass() },
    { name: 'sweep', weight: 1, may: true, run: () => world.sweep() },
    { name: 'dead relays are released', weight: 2, may: true, run: () => world.releaseDead() },
    { name: 'workflow acts', weight: 6, may: isOpen && !own, run: () => world.act() },
    { name: 'worker is lost', weight: 2, may: own, run: ({ yes }) => world.loseWorker(yes) },
    { name: 'workflow is terminated', weight: 1, may: isOpen && !own, run: () => world.setWorkflow('terminated') },
    { name: 'workflow is started by hand', weight: 1, may: !isOpen, run: () => world.setWorkflow('open') },
    { name: 'retry-now', weight: 2, may: isWaiting, run: ({ yes }) => world.command('retry-now', yes) },
    { name: 'replay', weight: 4, may: isOver, run: ({ yes }) => world.command('replay', yes) },
    { name: 'cancel', weight: 0.3, may: isWaiting, run: ({ yes }) => world.command('cancel', yes) },
    { name: 'lane opens', weight: 3, may: !world.parks, run: () => world.setLane(true) },
    { name: 'lane closes', weight: 2, may: world.parks, run: () => world.setLane(false) },
    { name: 'lane sends', weight: 8, may: row.status === 'held' && !lane, run: () => world.drain() },
  ];
}

function recordsOf(world: World): Step[] {
  return world.recordable().map((one) => ({
    name: `${one.by} records ${one.isLate ? 'late' : ''}`,
    weight: one.isLate ? 8 : 4,
    may: true,
    run: ({ outcome, hasRoom }) => world.record(one, outcome, hasRoom),
  }));
}

/** `at`: from 0 to 1, a place among the steps that change something now. */
function stepAt(world: World, row: Row, at: number): Step {
  const all = [...ofPump(world, 0, row), ...ofPump(world, 1, row), ...ofOthers(world, row), ...recordsOf(world)].filter(({ may }) => may);
  let left = at * all.reduce((sum, { weight }) => sum + weight, 0);
  for (const one of all) {
    left -= one.weight;
    if (left < 0) return one;
  }
  return all.at(-1) as Step;
}

/** At most one of workflow, pumps and lane may send it, and the one that must send it finds it by its time. Returns its row. */
async function check(world: World): Promise<Row> {
  const row = await world.delivery.row();
  const { status, pumped, isTimed } = row;
  const live = world.delivery.inFlight.filter(({ isLate }) => !isLate);
  const byRow = isUnderWay(status) ? [pumped ? 'pump' : 'workflow'] : status === 'held' ? ['lane'] : [];
  const owners = new Set([...byRow, ...live.map(({ by }) => (typeof by === 'number' ? 'pump' : by))]);
  expect([world.delivery.faults, live.length > 1, owners.size > 1, byRow.length > 0 && !isTimed]).toEqual([[], false, false, false]);
  return row;
}

/** All goes well from now on: every process lives, and every request is accepted. */
async function settle(world: World): Promise<void> {
  for (const pump of world.pumps) await pump.thaw();
  for (let round = 0; round < 6; round++) {
    for (const one of world.recordable()) await world.record(one, 'accepted', true);
    await world.releaseDead();
    await world.delivery.pass();
    await world.sweep();
    await world.act();
    await world.pumps[0].lease();
    await world.pumps[0].post();
    await world.drain();
    const { status } = await check(world);
    if (!isUnderWay(status) && status !== 'held' && world.delivery.inFlight.length === 0) return;
  }
}

const outcome = fc.constantFrom<Outcome[]>('refused', 'refused', 'refused', 'given_up', 'accepted');
const dice = fc.record({ at: fc.noBias(fc.nat(999_999)).map((n) => n / 1_000_000), outcome, hasRoom: fc.boolean(), yes: fc.boolean() });
const begin = fc.record({ first: fc.constantFrom<(Outcome | 'not_made')[]>('not_made', 'refused', 'given_up'), hasRoom: fc.boolean() });

it('has one owner after each step, whatever crashes, and reaches its end', { timeout: 600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(begin, fc.array(dice, { minLength: 10, maxLength: 40, size: 'max' }), async ({ first, hasRoom }, all) => {
      const world = new World(database.db);
      const taken: string[] = [];
      try {
        await world.begin(first, hasRoom);
        let row = await check(world);
        for (const { at, ...rest } of all) {
          const step = stepAt(world, row, at);
          taken.push(`${step.name} ${JSON.stringify(rest)}`);
          await step.run(rest);
          row = await check(world);
        }
        await settle(world);
        const { status, pumped } = await world.delivery.row();
        expect(['succeeded', 'cancelled', 'dead_lettered']).toContain(status);
        // a dead letter waits for commands in its workflow
        if (status === 'dead_lettered') expect([pumped, world.workflow]).toEqual([false, expect.not.stringMatching('none')]);
      } catch (error) {
        throw new Error(`after ${taken.join(', ')}`, { cause: error });
      }
    }),
    { numRuns: 60 },
  );
});
