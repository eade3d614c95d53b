// Marks attempts that are recorded so late that the statistics may have counted their minute already. Part of the
// statements that insert attempts, so that an attempt and its mark are stored together. Decision 46 has the protocol.

/** An attempt may be recorded so long after its start without a mark: the longest request, and then some. */
export const lateAfterMs = 45_000;

/**
 * `kept`: the inserted attempts. Also late is what a clock that was set back puts into a final minute. An attempt that is
 * not late was begun, by the clock of PostgreSQL, less than 45 s before its transaction.
 */
export const markLate = `late as (
    insert into late_attempts (delivery_id, id)
    select delivery_id, id from kept
    where started_at < greatest(now() - interval '${lateAfterMs} milliseconds', (select final_until from stats_progress))
  )`;
