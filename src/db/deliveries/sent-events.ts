// Reads the events that a request carried, and the keys that may have signed it. Called to show what was sent.
import type { Signing } from '#domain/endpoints/signing';
import { idOf, uuidOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';

export interface SentEvent {
  deliveryId: string;
  eventId: string;
  /** The producer's id. */
  webhookId: string;
  tenantId: string;
  /** Encrypted; empty: it was erased. */
  body: Buffer;
  version: number | null;
  shapeId: string | null;
  sequence: number | null;
}

interface EventRow {
  id: string;
  event_id: string;
  external_id: string;
  tenant_id: string;
  body: Buffer;
  version: number | null;
  shape_id: string | null;
  sequence: number | null;
}

const columns = 'd.id, d.event_id, d.tenant_id, d.shape_id, d.sequence, e.external_id, e.body, e.version';

/** In the order of the request. `batch`: of the request; null: the delivery was sent alone. */
export async function readSentEvents(db: Db, deliveryId: string, batch: { id: string; startedAt: Date } | null): Promise<SentEvent[]> {
  const { rows } = await db.query<EventRow>(
    batch === null
      ? // not prepared by name, so that the id selects the partition
        { text: `select ${columns} from deliveries d join events e on e.id = d.event_id where d.id = $1`, values: [uuidOf(deliveryId)] }
      : {
          text: `
            select ${columns}
            from attempts a join deliveries d on d.id = a.delivery_id join events e on e.id = d.event_id
            where a.batch_id = $1 and a.started_at = $2
            order by d.position nulls last, d.id limit 1000`,
          values: [uuidOf(batch.id), batch.startedAt],
        },
  );
  return rows.map((row) => ({
    ...{ deliveryId: idOf('dlv', row.id), eventId: idOf('evt', row.event_id), webhookId: row.external_id, body: row.body },
    ...{ tenantId: idOf('tnt', row.tenant_id), version: row.version, shapeId: row.shape_id, sequence: row.sequence },
  }));
}

export interface PastSigning {
  signing: Signing | null;
  /** All that there were, newest first, encrypted. */
  secrets: { id: string; sealed: Buffer; endsAt: Date | null }[];
  /** All public keys of the tenant, newest first, as `whpk_…`. */
  publicKeys: { key: string; isPublished: boolean }[];
}

/** Null: no such endpoint. */
export async function readPastSigning(db: Db, endpointId: string): Promise<PastSigning | null> {
  const { rows } = await db.query<{
    signing: Signing | null;
    ids: string[];
    sealed: Buffer[];
    ends: (Date | null)[];
    keys: Buffer[];
    published: boolean[];
  }>({
    name: 'read_past_signing',
    text: `
      select p.signing, s.*, k.*
      from endpoints p
      cross join lateral (
        select coalesce(array_agg(id order by valid_from desc, id desc), '{}') as ids,
          coalesce(array_agg(sealed order by valid_from desc, id desc), '{}') as sealed,
          coalesce(array_agg(valid_to order by valid_from desc, id desc), '{}') as ends
        from (select * from endpoint_secrets where endpoint_id = p.id order by valid_from desc, id desc limit 50) newest
      ) s
      cross join lateral (
        select coalesce(array_agg(public_key order by signs_from desc, id desc), '{}') as keys,
          coalesce(array_agg(published_until is null or published_until > now() order by signs_from desc, id desc), '{}') as published
        from (select id, public_key, signs_from, published_until from signing_keys where tenant_id = p.tenant_id order by signs_from desc, id desc limit 50) newest
      ) k
      where p.id = $1`,
    values: [uuidOf(endpointId)],
  });
  const [row] = rows;
  if (!row) return null;
  return {
    signing: row.signing,
    secrets: row.ids.map((id, index) => ({ id: idOf('sec', id), sealed: row.sealed[index] as Buffer, endsAt: row.ends[index] ?? null })),
    publicKeys: row.keys.map((key, index) => ({ key: `whpk_${key.toString('base64')}`, isPublished: row.published[index] === true })),
  };
}
