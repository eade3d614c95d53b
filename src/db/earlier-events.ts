// Events whose id was here before: the same again, or other content under the same id.
import type { Hash } from '../contents.ts';
import { idOf } from '../domain/ids.ts';
import type { Acceptance, EventToAccept } from './accept.ts';
import type { Db } from './pool.ts';

export interface Earlier {
  eventId: string;
  /** As it is stored. */
  contentHash: Buffer;
}

export async function readEarlier(db: Db, tenantUuid: string, externalIds: string[]): Promise<Map<string, Earlier>> {
  if (externalIds.length === 0) return new Map();
  const { rows } = await db.query<{ external_id: string; event_id: string; content_hash: Buffer }>({
    name: 'read_event_ids',
    text: 'select external_id, event_id, content_hash from event_ids where tenant_id = $1 and external_id = any($2)',
    values: [tenantUuid, externalIds],
  });
  return new Map(rows.map((row) => [row.external_id, { eventId: idOf('evt', row.event_id), contentHash: row.content_hash }]));
}

/** What an event is that claimed nothing. */
export function compare(hash: Hash, event: EventToAccept, earlier: Earlier | undefined): Acceptance {
  if (!earlier) return { kind: 'conflict', id: event.eventId };
  // this very call, run again after a crash between its commit and its answer
  if (earlier.eventId === event.eventId) return { kind: 'accepted', id: event.eventId };
  // the hashes of events from before migration 13 were not keyed
  const same = [hash(event.contentHash), event.contentHash].some((hash) => earlier.contentHash.equals(hash));
  return { kind: same ? 'duplicate' : 'conflict', id: earlier.eventId };
}
