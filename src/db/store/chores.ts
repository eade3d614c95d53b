// Claims periodic work for one process at a time (src/chores/chores.ts).
import type { Db } from './pool.ts';

/**
 * Claims a chore that is due, for `forMs`: if this process dies, another may claim it then. Returns 0 if it is claimed,
 * else the milliseconds until it is due.
 */
export async function claimChore(db: Db, name: string, forMs: number): Promise<number> {
  const { rows } = await db.query<{ wait_ms: number }>({
    name: 'claim_chore',
    text: `
      with claimed as (
        insert into chores (name, due_at, begun_at) values ($1, now() + $2::float8 * interval '1 millisecond', now())
        on conflict (name) do update set due_at = excluded.due_at, begun_at = excluded.begun_at
        where chores.due_at <= now()
        returning name
      )
      select case when exists (select from claimed) then 0
        else ceil(greatest(1, 1000 * extract(epoch from (select due_at from chores where name = $1) - now()))) end::float8 as wait_ms`,
    values: [name, forMs],
  });
  // another process inserted the row at this moment, and this statement does not see it yet
  return rows[0]?.wait_ms ?? forMs;
}

/** Sets when a chore is due again. `error`: of the run that ended; null: it succeeded. */
export async function finishChore(db: Db, name: string, dueInMs: number, error: string | null): Promise<void> {
  await db.query({
    name: 'finish_chore',
    text: `
      update chores set due_at = now() + $2::float8 * interval '1 millisecond', error = $3,
        done_at = case when $3::text is null then now() else done_at end
      where name = $1`,
    values: [name, dueInMs, error],
  });
}
