// Reads what the requests of a delivery were made of, apart from what their attempts store: event
// attributes, and the endpoint's target as it was. Called to show attempts.

import type { EventAttributes } from '#domain/endpoints/request-headers';
import { idOf, uuidOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';

export interface RequestContext {
  endpointId: string;
  event: EventAttributes;
  /** The endpoint's current target, encrypted. */
  current: { version: number; sealed: Buffer };
  /** Its earlier targets, encrypted, by version. */
  past: Map<number, Buffer>;
}

interface Row {
  endpoint_id: string;
  tenant_id: string;
  external_id: string;
  type: string;
  body_timestamp: string;
  target: Buffer;
  target_version: number;
  past_versions: number[];
  past: Buffer[];
}

/** `targetVersions`: those to look up. Null: no such delivery. */
export async function readRequestContext(db: Db, deliveryId: string, targetVersions: number[]): Promise<RequestContext | null> {
  const { rows } = await db.query<Row>({
    name: 'read_request_context',
    text: `
      select d.endpoint_id, d.tenant_id, e.external_id, e.type, e.body_timestamp, p.sealed as target, p.target_version, s.versions as past_versions, s.past
      from deliveries d join events e on e.id = d.event_id join endpoints p on p.id = d.endpoint_id
      cross join lateral (
        select coalesce(array_agg(target_version order by target_version), '{}') as versions,
          coalesce(array_agg(sealed order by target_version), '{}') as past
        from past_targets where endpoint_id = d.endpoint_id and target_version = any($2::int[])
      ) s
      where d.id = $1`,
    values: [uuidOf(deliveryId), targetVersions],
  });
  const [row] = rows;
  if (!row) return null;
  return {
    endpointId: idOf('ep', row.endpoint_id),
    event: { id: row.external_id, tenantId: idOf('tnt', row.tenant_id), type: row.type, timestamp: row.body_timestamp },
    current: { version: row.target_version, sealed: row.target },
    past: new Map(row.past.map((sealed, index) => [row.past_versions[index] ?? 0, sealed])),
  };
}
