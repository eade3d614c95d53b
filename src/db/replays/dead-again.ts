// Counts the deliveries of a replay job that are dead letters now. Called when one job is read; it looks at a bounded number
// of dead letters, by their index.
import { firstUuidAt, uuidOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';

export interface ReplaySpan {
  id: string;
  tenantId: string | null;
  endpoint: string | null;
  selection: { since: string; until: string };
}

const mostLookedAt = 20_000;

/** Null: there are too many dead letters in the time of the job. */
export async function countDeadAgain(db: Pick<Db, 'query'>, { id, tenantId, endpoint, selection }: ReplaySpan): Promise<number | null> {
  // not prepared by name: planned with its values, the bounds select the partitions
  const { rows } = await db.query<{ looked_at: number; dead: number }>({
    text: `
      select count(*)::int as looked_at, count(*) filter (where replay_id = $1)::int as dead
      from (
        select replay_id from deliveries
        where status = 'dead_lettered' and status <> 'succeeded' and id >= $2::uuid and id < $3::uuid
          and ($4::uuid is null or endpoint_id = $4) and ($5::uuid is null or $4::uuid is not null or tenant_id = $5)
        order by id desc limit $6
      ) d`,
    values: [
      ...[id, firstUuidAt(Date.parse(selection.since)), firstUuidAt(Date.parse(selection.until))],
      ...[endpoint && uuidOf(endpoint), tenantId && uuidOf(tenantId), mostLookedAt],
    ],
  });
  const { looked_at: lookedAt = 0, dead = 0 } = rows[0] ?? {};
  return lookedAt >= mostLookedAt ? null : dead;
}
