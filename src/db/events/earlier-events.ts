// Looks up earlier events with the same id: the same event again, or other content.

import { idOf } from '#domain/ids';
import type { Hash } from '../keys/content-encryption.ts';
import type { Db } from '../store/pool.ts';
import type { Acceptance, EventToAccept } from './acceptance.ts';

export interface Earlier {
  eventId: string;
  /** Keyed. */
  contentHash: Buffer;
}

/** A producer's event id, unique within its tenant. */
export interface EventKey {
  /** The tenant's UUID in the database. */
  tenant: string;
  externalId: string;
}

/** Looks up all these keys with one statement, whatever their tenants and requests. Keys may repeat. */
export async function readEarlier(db: Db, keys: EventKey[]): Promise<(key: EventKey) => Earlier | undefined> {
  if (keys.length === 0) return () => undefined;
  const nameOf = ({ tenant, externalId }: EventKey) => `${tenant} ${externalId}`;
  const distinct = [...new Map(keys.map((key) => [nameOf(key), key])).values()];
  const { rows } = await db.query<{ tenant_id: string; external_id: string; event_id: string; content_hash: Buffer }>({
    name: 'read_event_ids',
    text: `
      select i.tenant_id, i.external_id, e.event_id, e.content_hash
      from unnest($1::uuid[], $2::text[]) as i (tenant_id, external_id)
      cross join lateral (
        -- one index lookup for each key, whatever number of keys the planner expects
        select event_id, content_hash from event_ids where tenant_id = i.tenant_id and external_id = i.external_id offset 0
      ) e`,
    values: [distinct.map(({ tenant }) => tenant), distinct.map(({ externalId }) => externalId)],
  });
  const found = new Map(
    rows.map((row) => [
      nameOf({ tenant: row.tenant_id, externalId: row.external_id }),
      { eventId: idOf('evt', row.event_id), contentHash: row.content_hash },
    ]),
  );
  return (key) => found.get(nameOf(key));
}

/** The ids of those events that were accepted before with the same content. `tenant`: the producer's id. */
export async function readAccepted(
  db: Db,
  tenant: string,
  events: readonly EventToAccept[],
  contents: { hasher(): Promise<Hash> },
): Promise<Set<string>> {
  if (events.length === 0) return new Set();
  const { rows } = await db.query<{ id: string }>({
    name: 'tenant_of_key',
    text: 'select id from tenants where external_id = $1 and deleted_at is null',
    values: [tenant],
  });
  const [found] = rows;
  if (!found) return new Set();
  const keyOf = ({ externalId }: EventToAccept) => ({ tenant: found.id, externalId });
  const [earlier, hash] = await Promise.all([readEarlier(db, events.map(keyOf)), contents.hasher()]);
  const isAccepted = (event: EventToAccept) => earlier(keyOf(event))?.contentHash.equals(hash(event.contentHash)) === true;
  return new Set(events.filter(isAccepted).map(({ externalId }) => externalId));
}

/** The result for an event whose id was stored before. */
export function compare(hash: Hash, event: EventToAccept, earlier: Earlier | undefined): Acceptance {
  if (!earlier) return { kind: 'conflict', id: event.eventId };
  // the same call, run again after a crash between its commit and its answer
  if (earlier.eventId === event.eventId) return { kind: 'accepted', id: event.eventId };
  const same = earlier.contentHash.equals(hash(event.contentHash));
  return { kind: same ? 'duplicate' : 'conflict', id: earlier.eventId };
}
