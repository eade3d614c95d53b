// An endpoint's gate: paused, resumed, gone for good, and what that does to the deliveries behind it, page by page.
import type { DeliveryStatus } from '../domain/delivery.ts';
import { obeyedIn } from '../domain/delivery.ts';
import { idOf, uuidOf } from '../domain/ids.ts';
import type { Db } from './pool.ts';

const page = 500;
const lowest = '00000000-0000-0000-0000-000000000000';

/** Nothing is sent until the endpoint is resumed. One that is disabled stays so. False: no such endpoint. */
export async function pauseEndpoint(db: Db, endpointId: string): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'pause_endpoint',
    text: `
      update endpoints set gate = case gate when 'disabled' then gate else 'held' end,
        gate_reason = case gate when 'disabled' then gate_reason else 'paused' end, version = nextval('config_version'), updated_at = now()
      where id = $1 and deleted_at is null`,
    values: [uuidOf(endpointId)],
  });
  return rowCount === 1;
}

/**
 * Opens the gate, then makes what was held behind it due so long ago that the next sweep starts it; returns how many that were. Null: no such endpoint.
 * What if it stops halfway? The gate is open, and resuming again does the rest.
 */
export async function resumeEndpoint(db: Db, endpointId: string): Promise<number | null> {
  const { rowCount } = await db.query({
    name: 'resume_endpoint',
    text: `
      update endpoints set gate = 'open', gate_reason = null, not_before = null, version = nextval('config_version'), updated_at = now()
      where id = $1 and deleted_at is null`,
    values: [uuidOf(endpointId)],
  });
  if (rowCount === 0) return null;
  let released = 0;
  for (let after = lowest; ; ) {
    const ids = await releasePage(db, endpointId, after);
    released += ids.length;
    const last = ids.at(-1);
    if (last === undefined || ids.length < page) return released;
    after = last;
  }
}

async function releasePage(db: Db, endpointId: string, after: string): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({
    name: 'release_held',
    text: `
      with held as (
        select id from deliveries where endpoint_id = $1 and status = 'held' and id > $2 order by id limit $3 for update
      ), changed as (
        update deliveries d set status = case when d.attempts = 0 then 'pending' else 'retrying' end,
          next_attempt_at = now() - interval '30 seconds', updated_at = now()
        from held where d.id = held.id returning d.id
      )
      select id from changed order by id`,
    values: [uuidOf(endpointId), after, page],
  });
  return rows.map((row) => row.id);
}

/** Nothing is planned for it or sent to it any more. Already deleted is success, so that deleting again finishes what was begun. */
export async function deleteEndpoint(db: Db, endpointId: string): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'delete_endpoint',
    text: `
      update endpoints set deleted_at = coalesce(deleted_at, now()), version = nextval('config_version'), updated_at = now()
      where id = $1`,
    values: [uuidOf(endpointId)],
  });
  return rowCount === 1;
}

/** Cancels what is unfinished for an endpoint, in pages, and gives each page's delivery ids once it is committed. Harmless to repeat. */
export async function* cancelUnfinished(db: Db, endpointId: string): AsyncGenerator<string[]> {
  const unfinished: readonly DeliveryStatus[] = obeyedIn.cancel;
  for (let after = lowest; ; ) {
    const { rows } = await db.query<{ id: string }>({
      name: 'cancel_unfinished',
      text: `
        with unfinished as (
          select id from deliveries where endpoint_id = $1 and status = any($4) and id > $2 order by id limit $3 for update
        ), changed as (
          update deliveries d set status = 'cancelled', next_attempt_at = null, orders = d.orders + 1, updated_at = now()
          from unfinished u where d.id = u.id returning d.id
        )
        select id from changed order by id`,
      values: [uuidOf(endpointId), after, page, unfinished],
    });
    const last = rows.at(-1)?.id;
    if (last === undefined) return;
    yield rows.map((row) => idOf('dlv', row.id));
    if (rows.length < page) return;
    after = last;
  }
}
