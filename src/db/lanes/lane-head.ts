// Skips the head of an ordered endpoint, or of one of its keys: a dead letter or quarantined
// delivery that blocks the deliveries after it.
import { idOf, uuidOf } from '#domain/ids';
import { type Audit, audited, auditedBefore } from '../audit/audit.ts';
import type { Db } from '../store/pool.ts';

/**
 * Takes the delivery that blocks the endpoint, or its ordering key `laneKey`, out of the order and returns its id;
 * null: nothing is blocked. The status of the delivery does not change. If two calls run at once, one gets the id and
 * the other null. A call with the `once` of an earlier one skips nothing more, and returns the same id.
 */
export async function skipHead(db: Db, endpointId: string, laneKey: string | null, audit?: Audit): Promise<string | null> {
  const skipped = await audited(db, audit, async (client) => {
    const delivery = await skip(client, endpointId, laneKey);
    const entry = delivery === null ? null : { target: { kind: 'endpoint', id: endpointId }, before: { head: delivery }, after: null };
    return { result: delivery, entry };
  });
  if (audit?.once === undefined) return skipped;
  const head = (await auditedBefore(db, audit.once))?.head;
  return typeof head === 'string' ? head : null;
}

async function skip(db: Pick<Db, 'query'>, endpointId: string, laneKey: string | null): Promise<string | null> {
  const { rows } = await db.query<{ id: string }>({
    name: 'skip_head',
    text: `
      with head as (
        select d.id from endpoints p join deliveries d on d.endpoint_id = p.id
        where p.id = $1 and p.deleted_at is null and p.ordering <> 'none' and p.on_dead_letter = 'block'
          and d.status in ('dead_lettered', 'quarantined') and d.position is not null and ($2::text is null or d.lane_key = $2)
        order by d.position limit 1 for update of d
      )
      update deliveries d set position = null, updated_at = now() from head h where d.id = h.id and d.position is not null
      returning d.id`,
    values: [uuidOf(endpointId), laneKey],
  });
  return rows[0] ? idOf('dlv', rows[0].id) : null;
}
