// Which dead letters get their workflow next, against PostgreSQL: tenants in turn, the oldest first, at the pace of the
// budget. A command that comes first wins.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { obeyCommand } from '#db/deliveries/commands';
import { openDeadLetters, unopenedDeadLetters } from '#db/deliveries/unopened';
import { uuidOf } from '#domain/ids';
import { DeadLetters } from '#relay/dead-letters';
import { createLogger } from '#runtime/logger';
import { newId } from '#runtime/new-id';
import { TemporalAway } from '#temporal/link';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { insertForeground } from '../support/parking.ts';

const log = createLogger('silent');
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(() => database.db.query(`delete from deliveries`));

/** Dead letters of a new tenant that have no workflow, the oldest first. */
async function waiting(count: number): Promise<{ tenantId: string; ids: string[] }> {
  const [tenantId, endpointId] = [newId('tnt'), newId('ep')];
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    const [eventId, id] = [newId('evt'), newId('dlv')];
    await insertForeground(database.db, { tenantId, endpointId, eventId });
    await database.db.query(
      `insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, attempts, own_workflow, pumped)
       values ($1, $2, $3, $4, 'a.b', 'dead_lettered', 1, false, true)`,
      [id, eventId, endpointId, tenantId].map(uuidOf),
    );
    ids.push(id);
  }
  return { tenantId, ids: ids.sort() };
}

const rows = async (ids: string[]) =>
  (
    await database.db.query(
      `select pumped, own_workflow, unsignalled_since is not null as unsignalled from deliveries where id = any($1) order by id`,
      [ids.map(uuidOf)],
    )
  ).rows;

/** `room`: how many the budget grants in each run. */
function beat(room: () => number, look = async (_id: string): Promise<void> => undefined) {
  const seen: string[] = [];
  let left = 0;
  const deadLetters = new DeadLetters({
    db: database.db,
    starter: {
      async look({ deliveryId }: { deliveryId: string }) {
        seen.push(deliveryId);
        await look(deliveryId);
      },
    },
    modes: { takeLater: () => left-- > 0 },
    log,
  });
  return {
    seen,
    deadLetters,
    async run() {
      left = room();
      await deadLetters.run();
    },
  };
}

it('takes tenants in turn, the oldest of each first, and goes on where it stopped', async () => {
  const [a, b, c] = [await waiting(3), await waiting(2), await waiting(1)];
  const { seen, run, deadLetters } = beat(() => 2);
  for (const expected of [
    [a.ids[0], b.ids[0]],
    [c.ids[0], a.ids[1]],
    [b.ids[1], a.ids[2]],
  ]) {
    const before = seen.length;
    await run();
    expect(new Set(seen.slice(before))).toEqual(new Set(expected));
  }
  expect(new Set((await rows(seen)).map((row) => JSON.stringify(row)))).toEqual(
    new Set([JSON.stringify({ pumped: false, own_workflow: true, unsignalled: false })]),
  );
  await run();
  expect([seen.length, deadLetters.takeDue()]).toEqual([6, false]);
});

it('leaves to the sweep what Temporal does not take, and changes nothing without room', async () => {
  const { ids } = await waiting(1);
  const refusing = beat(() => 0);
  await refusing.run();
  expect([refusing.seen, await rows(ids)]).toEqual([[], [{ pumped: true, own_workflow: false, unsignalled: false }]]);
  const away = beat(
    () => 1,
    async () => {
      throw new TemporalAway('away');
    },
  );
  await away.run();
  expect([away.seen, await rows(ids)]).toEqual([ids, [{ pumped: false, own_workflow: true, unsignalled: true }]]);
});

it('opens none that was replayed or cancelled meanwhile, and waits for no row that a command has locked', async () => {
  const { ids } = await waiting(4);
  const [replayed = '', cancelled = '', locked = '', open = ''] = ids;
  const page = await unopenedDeadLetters(database.db, null, { tenants: 8, perTenant: 8 });
  expect(page.map(({ deliveryId }) => deliveryId)).toEqual(ids);
  await obeyCommand(database.db, replayed, { kind: 'replay', replayId: 'one' }, 'outside');
  await obeyCommand(database.db, cancelled, { kind: 'cancel' }, 'outside');
  const client = await database.db.connect();
  await client.query('begin');
  await client.query('select from deliveries where id = $1 for update', [uuidOf(locked)]);
  expect((await openDeadLetters(database.db, ids)).map(({ deliveryId }) => deliveryId)).toEqual([open]);
  await client.query('rollback');
  client.release();
  expect((await openDeadLetters(database.db, ids)).map(({ deliveryId }) => deliveryId)).toEqual([locked]);
});
