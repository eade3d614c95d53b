// Overdue deliveries whose workflow is missing, against PostgreSQL and a real budget: they leave room to events, tenants take
// turns, and all are started in the end. `posthorn reconcile` asks nobody.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { DeliveryRef } from '#db/deliveries/delivery-refs';
import { createModeSwitch } from '#domain/events/dispatch-mode';
import { deliveryId, uuidOf } from '#domain/ids';
import { OverdueDeliveries } from '#relay/overdue-deliveries';
import { OverdueStarts } from '#relay/overdue-starts';
import { RetryTimes } from '#relay/retry-times';
import { sweepAll } from '#relay/sweep';
import { createLogger } from '#runtime/logger';
import { newId } from '#runtime/new-id';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { insertForeground } from '../support/parking.ts';
import { until } from '../support/until.ts';

const log = createLogger('silent');
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(() => database.db.query(`delete from deliveries`));

interface Tenant {
  tenantId: string;
  /** In the order of their times. */
  ids: string[];
}

/** So many deliveries of a new tenant, in backoff, a millisecond apart. `late`: of the first. */
async function overdue(count: number, late: string): Promise<Tenant> {
  const [tenantId, endpointId] = [newId('tnt'), newId('ep')];
  const events = Array.from({ length: count }, () => newId('evt'));
  await insertForeground(database.db, { tenantId, endpointId, eventId: events[0] as string });
  const ids = events.map((eventId) => deliveryId(eventId, endpointId));
  await database.db.query(
    `insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, attempts, next_attempt_at)
     select i.id, i.event, $3, $4, 'a.b', 'retrying', 1, now() - $5::interval + i.n * interval '1 ms'
     from unnest($1::uuid[], $2::uuid[]) with ordinality as i (id, event, n)`,
    [ids.map(uuidOf), events.map(uuidOf), uuidOf(endpointId), uuidOf(tenantId), late],
  );
  return { tenantId, ids };
}

/** Temporal's part: a workflow that is started makes its attempt at once. */
function open(modes?: ReturnType<typeof createModeSwitch>) {
  const started: string[] = [];
  const starter = {
    async startDelivery({ deliveryId: id }: DeliveryRef) {
      started.push(id);
      await database.db.query(`update deliveries set status = 'succeeded', next_attempt_at = null where id = $1`, [uuidOf(id)]);
      return 'started' as const;
    },
    startDispatch: async () => 'open' as const,
    look: async () => undefined,
    endIfStuck: async () => null,
  };
  const waker = {
    parked: async () => undefined,
    changed: async () => undefined,
    signal: async () => undefined,
    unblocked: async () => undefined,
  };
  const deliveries = new OverdueDeliveries({ db: database.db, ...(modes && { modes }) }, 30_000);
  const times = new RetryTimes(10_000);
  const run = () => deliveries.run(new OverdueStarts({ starter, waker, log }, times, new AbortController().signal));
  return { started, deliveries, run, reconcile: () => sweepAll({ db: database.db, starter, waker }) };
}

it('of one tenant leave most of the budget to the events of another, and its overdue ones get their turn', async () => {
  // more than a page
  const a = await overdue(600, '10 minutes');
  const b = await overdue(20, '2 minutes');
  const modes = createModeSwitch('adaptive', { perSecond: 400, burst: 200 });
  const { started, deliveries, run } = open(modes);
  const beganAt = performance.now();
  let [events, refused, tooMany] = [0, 0, 0];
  await until('all to be started', async () => {
    await run();
    const elapsedMs = performance.now() - beganAt;
    // those that can wait get a quarter, and a second's worth of it at once
    tooMany = Math.max(tooMany, started.length - (100 + elapsedMs / 10));
    // the other tenant sends 100 events in a second
    for (let n = 0; n < 20 && events < elapsedMs / 10; n++, events++) if (modes.choose(1, Date.now(), b.tenantId) === 'batched') refused++;
    return started.length === 620;
  });
  expect(tooMany).toBeLessThanOrEqual(1);
  expect([events > 100, refused]).toEqual([true, 0]);
  expect(new Set(started)).toEqual(new Set([...a.ids, ...b.ids]));
  const placeOf = (id: string) => started.indexOf(id);
  expect(Math.max(...b.ids.map(placeOf))).toBeLessThan(400);
  expect(await run()).toBe(0);
  expect(deliveries.takeDue()).toBe(false);
});

it('begin with the tenant after the last one, the oldest first', async () => {
  const tenants = [await overdue(3, '3 minutes'), await overdue(3, '2 minutes')];
  const [first, second] = tenants.toSorted((one, other) => (one.tenantId < other.tenantId ? -1 : 1)) as [Tenant, Tenant];
  // one at a time
  const modes = createModeSwitch('batched', { perSecond: 4, burst: 10 });
  const { started, run, deliveries } = open(modes);
  for (let n = 1; n <= 6; n++) {
    await until('room', async () => (await run()) === 1);
    expect(started).toHaveLength(n);
  }
  expect(started).toEqual([0, 1, 2].flatMap((n) => [first.ids[n], second.ids[n]]));
  expect(deliveries.takeDue()).toBe(false);
});

it('wait while Temporal is slow or away, but not those whose scheduled time comes; reconcile starts all', async () => {
  const { ids, tenantId } = await overdue(3, '1 minute');
  const modes = createModeSwitch('adaptive');
  modes.setTemporalAway(true);
  const { started, run, deliveries, reconcile } = open(modes);
  expect(await run()).toBe(0);
  await until('the next second', () => deliveries.takeDue());
  const scheduled = await overdue(1, '-10 seconds');
  await database.db.query(
    `update deliveries set status = 'pending', attempts = 0, created_at = now() - interval '1 hour' where tenant_id = $1`,
    [uuidOf(scheduled.tenantId)],
  );
  expect([await run(), started]).toEqual([1, scheduled.ids]);
  expect(await reconcile()).toEqual({ deliveries: 3, lanes: 0 });
  expect(new Set(started)).toEqual(new Set([...scheduled.ids, ...ids]));
  expect(tenantId).not.toBe(scheduled.tenantId);
});
