// Claims periodic work for one process at a time (src/chores/chores.ts).
import type { Db } from '../store/pool.ts';

export interface ChoreToClaim {
  name: string;
  /** If this process dies, another may claim it after so long. */
  claimMs: number;
  /** It may be claimed so long before it is due, together with others. */
  earlyMs: number;
}

/**
 * Claims those that are due, for the process `claimant` (a UUID), which runs none of them now. So what it has claimed before
 * and not ended is claimed again: it did not learn of that claim. Returns for each 0 if it is claimed, else the milliseconds
 * until it is due.
 */
export async function claimChores(db: Db, chores: readonly ChoreToClaim[], claimant: string): Promise<Map<string, number>> {
  const { rows } = await db.query<{ name: string; wait_ms: number | null }>({
    name: 'claim_chores',
    text: `
      with asked as (
        select * from unnest($1::text[], $2::float8[], $3::float8[]) as a (name, claim_ms, early_ms)
      ), claimed as (
        insert into chores (name, due_at, begun_at, claimed_by)
        select name, now() + claim_ms * interval '1 millisecond', now(), $4 from asked order by name
        on conflict (name) do update set due_at = excluded.due_at, begun_at = excluded.begun_at, claimed_by = excluded.claimed_by
        where chores.due_at <= now() + (select early_ms from asked a where a.name = excluded.name) * interval '1 millisecond'
          or chores.claimed_by = $4
        returning name
      )
      select a.name, case when k.name is not null then 0
        else ceil(greatest(1, 1000 * extract(epoch from c.due_at - now()) - a.early_ms)) end::float8 as wait_ms
      from asked a left join claimed k using (name) left join chores c using (name)`,
    values: [chores.map(({ name }) => name), chores.map(({ claimMs }) => claimMs), chores.map(({ earlyMs }) => earlyMs), claimant],
  });
  const claimMsOf = new Map(chores.map(({ name, claimMs }) => [name, claimMs]));
  // null: another process inserted the row at this moment, and this statement does not see it yet
  return new Map(rows.map(({ name, wait_ms }) => [name, wait_ms ?? claimMsOf.get(name) ?? 0]));
}

export interface EndedRun {
  name: string;
  dueInMs: number;
  isDone: boolean;
  /** Null: it succeeded, or was cut off. */
  error: string | null;
}

/** Sets when chores are due again whose runs have ended, but for those that `claimant` has given back, or another has claimed since. */
export async function finishChores(db: Db, ended: readonly EndedRun[], claimant: string): Promise<void> {
  await db.query({
    name: 'finish_chores',
    text: `
      update chores c set due_at = now() + e.due_ms * interval '1 millisecond', error = e.error, claimed_by = null,
        done_at = case when e.is_done then now() else c.done_at end
      from unnest($1::text[], $2::float8[], $3::boolean[], $4::text[]) as e (name, due_ms, is_done, error)
      where c.name = e.name and c.claimed_by = $5`,
    values: [
      ended.map(({ name }) => name),
      ended.map(({ dueInMs }) => dueInMs),
      ended.map(({ isDone }) => isDone),
      ended.map(({ error }) => error),
      claimant,
    ],
  });
}
