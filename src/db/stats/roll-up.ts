// Counts stored attempts, deliveries and events into minutes and hours. Safe to run twice, late, or in two processes at
// once: each run locks the progress, and a run that dies changes nothing. Decision 46 has the protocol.
import type { PoolClient } from 'pg';
import { lateAfterMs } from '../deliveries/late-attempts.ts';
import { oldestWriter } from '../store/oldest-writer.ts';
import { queryPlannedOnce } from '../store/planned-once.ts';
import { type Db, inTransaction } from '../store/pool.ts';
import { countSql, finishSql } from './roll-up-sql.ts';

/** A transaction may have begun a moment before it is seen. */
const unseenMs = 5_000;

/** A minute can be made final, or attempts were recorded late. Rows without it: nothing was counted yet. As SQL. */
export const hasMinutesSql = `(
  not exists (select from stats_progress where final_until > now() - interval '${lateAfterMs + unseenMs + 60_000} milliseconds')
  or exists (select from late_attempts))`;

/**
 * Makes up to `most` minutes final: those before which no statement can store anything any more without marking it as late.
 * Returns how many; 0: none is left.
 */
export async function finishMinutes(db: Db, most: number): Promise<number> {
  return inTransaction(db, async (client) => {
    const { from, until, late } = await lockProgress(client, most);
    if (until > from || late) await queryPlannedOnce(client, { name: 'finish_minutes', text: finishSql, values: [from, until] });
    return Math.round((until.getTime() - from.getTime()) / 60_000);
  });
}

/** Counts the minutes that are not final yet, the last three at most. */
export async function countMinutes(db: Db): Promise<void> {
  await inTransaction(db, async (client) => {
    const { from, now } = await lockProgress(client, 0);
    const minute = new Date(Math.floor(now.getTime() / 60_000) * 60_000);
    const first = new Date(Math.max(from.getTime(), minute.getTime() - 120_000));
    const until = new Date(minute.getTime() + 60_000);
    await queryPlannedOnce(client, { name: 'count_minutes', text: countSql, values: [first, until] });
  });
}

interface Progress {
  from: Date;
  until: Date;
  now: Date;
  /** Whether attempts were recorded late. */
  late: boolean;
}

async function lockProgress(client: PoolClient, most: number): Promise<Progress> {
  const { rowCount } = await client.query('select from stats_progress for update');
  if (rowCount === 0) {
    await client.query(startSql);
    await client.query('select from stats_progress for update');
  }
  const oldest = await oldestWriter(client);
  const { rows } = await client.query<Progress>(progressSql, [most, oldest, lateAfterMs + unseenMs]);
  return rows[0] as Progress;
}

/** Begins an hour before the oldest delivery, since its first attempt began before its row was stored. */
const startSql = `
  insert into stats_progress (final_until)
  select date_trunc('minute', coalesce((select created_at from deliveries order by id limit 1), now()) - interval '1 hour')
  where not exists (select from stats_progress)
  on conflict do nothing`;

const progressSql = `
  select final_until as from, clock_timestamp() as now, exists (select from late_attempts) as late,
    greatest(final_until, least(date_trunc('minute', $2::timestamptz - $3 * interval '1 millisecond'), final_until + $1 * interval '1 minute')) as until
  from stats_progress`;
