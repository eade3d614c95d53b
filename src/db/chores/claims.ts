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
 * Claims those that are due. Returns for each 0 if it is claimed, else the milliseconds until it is due. `unsureMs`: a claim
 * of this process got no answer since then, so what was claimed since and has not ended is claimed again; 0: there is none.
 */
export async function claimChores(db: Db, chores: readonly ChoreToClaim[], unsureMs = 0): Promise<Map<string, number>> {
  const { rows } = await db.query<{ name: string; wait_ms: number | null }>({
    name: 'claim_chores',
    text: `
      with asked as (
        select * from unnest($1::text[], $2::float8[], $3::float8[]) as a (name, claim_ms, early_ms)
      ), claimed as (
        insert into chores (name, due_at, begun_at)
        select name, now() + claim_ms * interval '1 millisecond', now() from asked order by name
        on conflict (name) do update set due_at = excluded.due_at, begun_at = excluded.begun_at
        where chores.due_at <= now() + (select early_ms from asked a where a.name = excluded.name) * interval '1 millisecond'
          or $4::float8 > 0 and chores.begun_at > now() - $4::float8 * interval '1 millisecond' and coalesce(chores.done_at < chores.begun_at, true)
        returning name
      )
      select a.name, case when k.name is not null then 0
        else ceil(greatest(1, 1000 * extract(epoch from c.due_at - now()) - a.early_ms)) end::float8 as wait_ms
      from asked a left join claimed k using (name) left join chores c using (name)`,
    values: [chores.map(({ name }) => name), chores.map(({ claimMs }) => claimMs), chores.map(({ earlyMs }) => earlyMs), unsureMs],
  });
  const claimMsOf = new Map(chores.map(({ name, claimMs }) => [name, claimMs]));
  // null: another process inserted the row at this moment, and this statement does not see it yet
  return new Map(rows.map(({ name, wait_ms }) => [name, wait_ms ?? claimMsOf.get(name) ?? 0]));
}

export interface EndedRun {
  name: string;
  dueInMs: number;
  /** Null: it succeeded. */
  error: string | null;
}

/** Sets when chores are due again whose runs have ended. */
export async function finishChores(db: Db, ended: readonly EndedRun[]): Promise<void> {
  await db.query({
    name: 'finish_chores',
    text: `
      update chores c set due_at = now() + e.due_ms * interval '1 millisecond', error = e.error,
        done_at = case when e.error is null then now() else c.done_at end
      from unnest($1::text[], $2::float8[], $3::text[]) as e (name, due_ms, error) where c.name = e.name`,
    values: [ended.map(({ name }) => name), ended.map(({ dueInMs }) => dueInMs), ended.map(({ error }) => error)],
  });
}
