// Checks whether deliveries arrived in order.
import type { Collected } from './messages.ts';
import type { Stage } from './stage.ts';

/**
 * Reports whether the endpoint first accepted the events of each ordering key in the order in which Posthorn accepted
 * them.
 */
export async function orderRemarks({ db }: Stage, prefix: string, { ids, deliveredAt }: Collected): Promise<string[]> {
  const { rows } = await db.query<{ id: string; key: string }>(
    `select external_id as id, coalesce(ordering_key, '') as key from events where starts_with(external_id, $1) order by position`,
    [`${prefix}-`],
  );
  const times = new Map(ids.map((id, index) => [id, deliveredAt[index] ?? Number.NaN]));
  const last = new Map<string, number>();
  let wrong = 0;
  for (const { id, key } of rows) {
    const at = times.get(id) ?? Number.NaN;
    if (at < (last.get(key) ?? 0)) wrong += 1;
    else if (!Number.isNaN(at)) last.set(key, at);
  }
  return [wrong > 0 ? `${wrong} OUT OF ORDER` : `all in order${last.size > 1 ? ` of their ${last.size} keys` : ''}`];
}
