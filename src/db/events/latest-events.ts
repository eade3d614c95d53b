// The latest events of a tenant, to show which of them a subscription would get.
import { firstUuidAt, idOf, uuidOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';

export interface LatestEvent {
  eventId: string;
  type: string;
  channels: string[];
  acceptedAt: Date;
}

/** More days would make the statement look at more partitions. */
const lookedBackMs = 7 * 86_400_000;

/** Newest first, of the last 7 days, without test events. */
export async function latestEvents(db: Db, tenantId: string, limit: number): Promise<LatestEvent[]> {
  const { rows } = await db.query<{ id: string; type: string; channels: string[]; accepted_at: Date }>({
    text: `
      select id, type, channels, accepted_at from events
      where tenant_id = $1 and only_endpoint_id is null and id >= $3::uuid
      order by id desc limit $2`,
    values: [uuidOf(tenantId), limit, firstUuidAt(Date.now() - lookedBackMs)],
  });
  return rows.map(({ id, type, channels, accepted_at: acceptedAt }) => ({ eventId: idOf('evt', id), type, channels, acceptedAt }));
}
