// Dispatches: rows that guard events from when they leave the outbox until each delivery has a row, and a workflow
// where it needs one.
import { idOf, uuidOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';

export interface NewDispatch {
  dispatchId: string;
  eventIds: string[];
  /** All its deliveries have rows. */
  planned: boolean;
  /** None of them needs a workflow, so neither does the dispatch: lanes that know of them send them. Default: false. */
  done?: boolean;
}

/**
 * Moves events from the outbox into dispatches, in one transaction. Only rows that `relayId` still owns are moved.
 * Returns the number of events of each dispatch; one without events is not created. Run twice: the second run finds no
 * outbox row and creates nothing.
 */
export async function createDispatches(db: Db, relayId: string, dispatches: NewDispatch[]): Promise<number[]> {
  const { rows } = await db.query<{ id: string; events: number }>({
    name: 'create_dispatches',
    text: `
      with wanted as (
        select d.dispatch_id, d.event_id, d.planned, d.done
        from unnest($2::uuid[], $3::uuid[], $4::bool[], $5::bool[]) as d (dispatch_id, event_id, planned, done)
      ), locked as (
        select event_id from outbox where event_id in (select event_id from wanted) and owner = $1 order by event_id for update
      ), gone as (
        delete from outbox where event_id in (select event_id from locked) returning event_id
      )
      insert into dispatches (id, event_ids, planned, done_at)
      select dispatch_id, array_agg(event_id order by event_id), bool_and(planned), case when bool_and(done) then now() end
      from wanted join gone using (event_id) group by dispatch_id
      returning id, cardinality(event_ids) as events`,
    values: [
      uuidOf(relayId),
      dispatches.flatMap(({ dispatchId, eventIds }) => eventIds.map(() => uuidOf(dispatchId))),
      dispatches.flatMap(({ eventIds }) => eventIds.map(uuidOf)),
      dispatches.flatMap(({ eventIds, planned }) => eventIds.map(() => planned)),
      dispatches.flatMap(({ eventIds, done = false }) => eventIds.map(() => done)),
    ],
  });
  const moved = new Map(rows.map((row) => [idOf('dsp', row.id), row.events]));
  return dispatches.map(({ dispatchId }) => moved.get(dispatchId) ?? 0);
}

/**
 * Undoes a dispatch that could not be started because Temporal was down: its events return to the outbox, owned by this
 * relay. False: it is planned, done or gone. What if it was started after all? Its workflow finds no dispatch, or stops
 * planning. The relay that makes the first attempts finds the deliveries already planned.
 */
export async function takeBackDispatch(db: Db, relayId: string, dispatchId: string): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'take_back_dispatch',
    text: `
      with gone as (
        delete from dispatches where id = $2 and not planned and done_at is null returning event_ids
      )
      insert into outbox (event_id, tenant_id, owner, accepted_at)
      select e.id, e.tenant_id, $1, e.accepted_at from gone cross join unnest(gone.event_ids) as g (id) join events e on e.id = g.id
      order by e.id
      on conflict do nothing`,
    values: [uuidOf(relayId), uuidOf(dispatchId)],
  });
  return (rowCount ?? 0) > 0;
}

export interface OverdueDispatch {
  dispatchId: string;
  events: number;
  tenants: number;
  /** Tenant and type of one of its events. */
  tenant: string;
  eventType: string;
}

/** Of a dispatch. `createdBefore`: a time, as SQL. */
export const isOverdueDispatch = (createdBefore: string) => `done_at is null and created_at < ${createdBefore}`;

/**
 * Dispatches older than `afterMs` that are not done. Drawn at random, so that those that cannot move do not hide the others.
 */
export async function overdueDispatches(db: Db, limit: number, afterMs: number): Promise<OverdueDispatch[]> {
  const { rows } = await db.query<Omit<OverdueDispatch, 'dispatchId'> & { id: string }>({
    name: 'overdue_dispatches',
    text: `
      select d.id, cardinality(d.event_ids) as events, count(distinct e.tenant_id)::int as tenants, min(t.external_id) as tenant, min(e.type) as "eventType"
      from (
        select id, event_ids from dispatches
        where ${isOverdueDispatch(`now() - $2::float8 * interval '1 millisecond'`)}
        order by random() limit $1) d
      join events e on e.id = any(d.event_ids) join tenants t on t.id = e.tenant_id
      group by d.id, d.event_ids`,
    values: [limit, afterMs],
  });
  return rows.map(({ id, ...row }) => ({ dispatchId: idOf('dsp', id), ...row }));
}

export interface Dispatch {
  eventIds: string[];
  planned: boolean;
  done: boolean;
}

export async function readDispatch(db: Db, dispatchId: string): Promise<Dispatch | null> {
  const { rows } = await db.query<{ event_ids: string[]; planned: boolean; done: boolean }>({
    name: 'read_dispatch',
    text: 'select event_ids, planned, done_at is not null as done from dispatches where id = $1',
    values: [uuidOf(dispatchId)],
  });
  const [row] = rows;
  return row ? { eventIds: row.event_ids.map((id) => idOf('evt', id)), planned: row.planned, done: row.done } : null;
}

export async function setPlanned(db: Db, dispatchId: string): Promise<void> {
  await db.query({ name: 'set_planned', text: 'update dispatches set planned = true where id = $1', values: [uuidOf(dispatchId)] });
}

export async function setDone(db: Db, dispatchId: string): Promise<void> {
  await db.query({
    name: 'set_done',
    text: 'update dispatches set done_at = now() where id = $1 and done_at is null',
    values: [uuidOf(dispatchId)],
  });
}

/** The same, by the workflow of the dispatch's only delivery: from now on that delivery has a workflow of its own. */
export async function setDoneByDelivery(db: Db, dispatchId: string, deliveryId: string): Promise<void> {
  await db.query({
    // not prepared by name, so that the id selects the partition
    text: `
      with owned as (update deliveries set own_workflow = true where id = $2 and not own_workflow)
      update dispatches set done_at = now() where id = $1 and done_at is null`,
    values: [uuidOf(dispatchId), uuidOf(deliveryId)],
  });
}
