// A drain that must not take the lane from another one takes it only when that one has ended or is gone.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { restLane, saveLane, type TakeIf, takeLane } from '#db/lanes/lane-ownership';
import { openLanes, unownedLanes } from '#db/lanes/lanes';
import { uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { insertForeground } from '../../support/parking.ts';

const only: TakeIf = { notSeenForMs: 10_000, isDue: true };
const facts = { allowance: null, circuit: null, failingSinceMs: null, stateReason: null, targetVersion: 1 };
const rest = { ...facts, state: 'idle', close: false, released: false } as const;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

async function openOne(tenantId = newId('tnt')): Promise<string> {
  const endpointId = newId('ep');
  await insertForeground(database.db, { tenantId, endpointId, eventId: newId('evt') });
  await openLanes(database.db, [endpointId], 'backlog');
  return endpointId;
}

const change = (endpointId: string, columns: string) =>
  database.db.query(`update lanes set ${columns} where endpoint_id = $1`, [uuidOf(endpointId)]);

it('of ten drains that take a lane at once, one owns it', async () => {
  const endpointId = await openOne();
  const taken = await Promise.all(Array.from({ length: 10 }, () => takeLane(database.db, endpointId, only)));
  expect(taken.filter((one) => one !== null)).toHaveLength(1);
});

it('a lane is not taken from a drain that renews its lease, and is when it was not seen for 10 s', async () => {
  const { db } = database;
  const endpointId = await openOne();
  const { epoch = 0 } = (await takeLane(db, endpointId)) ?? {};
  await change(endpointId, `drain_seen = now() - interval '11 seconds'`);
  await saveLane(db, endpointId, epoch, facts, false);
  expect(await takeLane(db, endpointId, { ...only, isDue: false })).toBeNull();
  await change(endpointId, `drain_seen = now() - interval '11 seconds'`);
  // the drain before did not end: the new one has to wait before its first request
  expect(await takeLane(db, endpointId, only)).toMatchObject({ epoch: epoch + 1, restedMs: null });
});

it('a lane that rests is taken when it is due, and by a workflow at any time', async () => {
  const { db } = database;
  const endpointId = await openOne();
  const { epoch = 0 } = (await takeLane(db, endpointId)) ?? {};
  await restLane(db, endpointId, epoch, { ...rest, dueInMs: 60_000, ended: true });
  expect(await takeLane(db, endpointId, only)).toBeNull();
  expect(await takeLane(db, endpointId, { ...only, isDue: false })).toMatchObject({ epoch: epoch + 1, restedMs: expect.any(Number) });
});

it('a drain that stops while it waits for the one before it leaves the lane to the next, which waits again', async () => {
  const { db } = database;
  const endpointId = await openOne();
  const { epoch = 0 } = (await takeLane(db, endpointId)) ?? {};
  await restLane(db, endpointId, epoch, { ...rest, state: 'idle', dueInMs: 0, ended: false });
  expect(await takeLane(db, endpointId, only)).toMatchObject({ epoch: epoch + 1, restedMs: null });
});

it('lists the lanes that are due and that no drain owns, tenants in turn', async () => {
  const { db } = database;
  await db.query('delete from lanes');
  const [large, small] = [newId('tnt'), newId('tnt')];
  const many = await Promise.all(Array.from({ length: 6 }, () => openOne(large)));
  const few = await Promise.all([openOne(small), openOne(small)]);
  await db.query(`update lanes set due_at = now() - interval '1 minute'`);
  const [owned = '', gone = '', later = '', signalled = ''] = many;
  await takeLane(db, owned);
  await takeLane(db, gone);
  await change(owned, `due_at = now() - interval '1 minute'`);
  await change(gone, `due_at = now() - interval '1 minute', drain_seen = now() - interval '11 seconds'`);
  await change(later, `due_at = now() + interval '1 second'`);
  const find = (limit: number) => unownedLanes(db, { limit, afterMs: 2_000, notSeenForMs: 10_000, except: [signalled] });
  const all = (await find(10)).map(({ endpointId }) => endpointId);
  expect(all.toSorted()).toEqual([gone, ...many.slice(4), ...few].toSorted());
  expect((await find(4)).map(({ tenantId }) => tenantId).toSorted()).toEqual([large, large, small, small].toSorted());
});
