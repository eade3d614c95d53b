// The results of a replay job: counts what became of the deliveries that it has handed over, each once, and ends the job.
import type { DeliveryStatus } from '#domain/deliveries/delivery';
import { idOf, uuidOf } from '#domain/ids';
import { type ResultOf, resultOf } from '#domain/replays/replay';
import type { Db } from '../store/pool.ts';
import type { Querying } from './selection.ts';

/** How many results are looked up at once. */
const mostAtOnce = 2_000;

export interface Counting {
  /** Those that wait for their first attempt and that no lane holds. */
  due: number;
  /** Where the next page begins; null: there are no more. */
  next: string | null;
}

/**
 * Counts the results of a page, in the order of ids, after `after`. `last`: those refused at their first attempt count as
 * failed now, although they are retried. Safe to call from several processes: a result is counted by the one that deletes it.
 */
export async function countResults(db: Querying, replayId: string, after: string | null, last: boolean): Promise<Counting> {
  const { rows: waiting } = await db.query<{ id: string }>({
    name: 'replay_rows_waiting',
    text: `
      select delivery_id as id from replay_rows where replay_id = $1 and ($2::uuid is null or delivery_id > $2) order by delivery_id limit $3`,
    values: [uuidOf(replayId), after && uuidOf(after), mostAtOnce],
  });
  if (waiting.length === 0) return { due: 0, next: null };
  const ids = waiting.map(({ id }) => id);
  const states = await readStates(db, ids);
  const results = ids.map((id) => resultOf(states.get(id) ?? { status: 'expired', attempts: 0 }, last));
  const of = (result: ResultOf) => ids.filter((_, n) => results[n] === result);
  const final = ids.at(-1);
  await save(db, replayId, of('succeeded'), of('failed'));
  return { due: of('due').length, next: ids.length === mostAtOnce && final ? idOf('dlv', final) : null };
}

async function readStates(db: Querying, ids: string[]): Promise<Map<string, { status: DeliveryStatus; attempts: number }>> {
  // not prepared by name, so that the ids select the partitions
  const { rows } = await db.query<{ id: string; status: DeliveryStatus; attempts: number }>({
    text: 'select id, status, attempts from deliveries where id = any($1::uuid[])',
    values: [ids],
  });
  return new Map(rows.map((row) => [row.id, row]));
}

async function save(db: Querying, replayId: string, succeeded: string[], failed: string[]): Promise<void> {
  if (succeeded.length + failed.length === 0) return;
  await db.query({
    name: 'save_replay_results',
    text: `
      with gone as (
        delete from replay_rows where replay_id = $1 and delivery_id = any(array(select unnest($2::uuid[] || $3::uuid[]) order by 1)) returning delivery_id
      ), sums as (
        select count(*) filter (where delivery_id = any($2))::int as succeeded, count(*) filter (where delivery_id = any($3))::int as failed from gone
      )
      update replays r set succeeded = r.succeeded + s.succeeded, failed = r.failed + s.failed, driven_at = now(), progressed_at = now()
      from sums s where r.id = $1 and s.succeeded + s.failed > 0`,
    values: [uuidOf(replayId), succeeded, failed],
  });
}

/**
 * Ends a running job that has handed over all, once no result is missing. `anyway`: also before; those without a result stay
 * `waiting`. False: it goes on, or has ended before.
 */
export async function endReplay(db: Db, replayId: string, anyway: boolean): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'end_replay',
    text: `
      update replays set status = 'done', ended_at = now(), rate = null, waiting = replayed - succeeded - failed
      where id = $1 and status = 'running' and phase = 'results' and ($2 or not exists (select from replay_rows w where w.replay_id = $1))`,
    values: [uuidOf(replayId), anyway],
  });
  return rowCount === 1;
}

/** After an internal error that repeats. A person may resume the job. */
export async function failReplay(db: Db, replayId: string, error: string): Promise<void> {
  await db.query({
    name: 'fail_replay',
    text: `update replays set status = 'failed', ended_at = now(), rate = null, error = $2, faults = 0 where id = $1 and status in ('counting', 'running')`,
    values: [uuidOf(replayId), error],
  });
}
