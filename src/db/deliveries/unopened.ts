// Dead letters whose workflow had no room when they were recorded: pages of them, and the change that gives them one.
import { idOf, uuidOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';
import { type RefRow, refColumns, toRef, type UnsignalledDelivery } from './delivery-refs.ts';

export interface UnopenedDeadLetter {
  deliveryId: string;
  tenantId: string;
}

/** Of a delivery. */
export const isUnopened = `pumped and status = 'dead_lettered'`;

/** The tenants that have such dead letters, in the order of ids, after `after`. Each costs one look into an index. */
async function tenantsAfter(db: Db, after: string | null, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ tenant_id: string }>({
    name: 'unopened_tenants',
    text: `
      with recursive walk as (
        (select tenant_id from deliveries
         where ${isUnopened} and ($1::uuid is null or tenant_id > $1) order by tenant_id limit 1)
        union all
        select (select d.tenant_id from deliveries d
          where d.pumped and d.status = 'dead_lettered' and d.tenant_id > w.tenant_id order by d.tenant_id limit 1)
        from walk w where w.tenant_id is not null
      )
      select tenant_id from walk where tenant_id is not null limit $2`,
    values: [after && uuidOf(after), limit],
  });
  return rows.map((row) => idOf('tnt', row.tenant_id));
}

/**
 * A page of them: the oldest of each tenant, then the second of each, and so on. It begins with the tenant after `after`,
 * and reaches `tenants` tenants.
 */
export async function unopenedDeadLetters(
  db: Db,
  after: string | null,
  { tenants, perTenant }: { tenants: number; perTenant: number },
): Promise<UnopenedDeadLetter[]> {
  const found = await tenantsAfter(db, after, tenants);
  const wrapped = after !== null && found.length < tenants ? await tenantsAfter(db, null, tenants - found.length) : [];
  const inTurn = [...new Set([...found, ...wrapped])];
  if (inTurn.length === 0) return [];
  const { rows } = await db.query<{ id: string; tenant_id: string }>({
    name: 'unopened_dead_letters',
    text: `
      select d.id, t.tenant_id
      from unnest($1::uuid[]) with ordinality as t (tenant_id, place)
      cross join lateral (
        select id, row_number() over (order by id) as turn
        from deliveries where ${isUnopened} and tenant_id = t.tenant_id order by id limit $2
      ) d
      order by d.turn, t.place`,
    values: [inTurn.map(uuidOf), perTenant],
  });
  return rows.map((row) => ({ deliveryId: idOf('dlv', row.id), tenantId: idOf('tnt', row.tenant_id) }));
}

/**
 * Gives these dead letters workflows of their own, and marks them until these are started. Returns those that still
 * needed one, and that no command has locked.
 */
export async function openDeadLetters(db: Db, deliveryIds: string[]): Promise<UnsignalledDelivery[]> {
  // not prepared by name, so that the ids select the partitions
  const { rows } = await db.query<RefRow & { unsignalled_since: string }>({
    text: `
      with locked as (
        select id from deliveries where id = any($1::uuid[]) and ${isUnopened} order by id for update skip locked
      )
      update deliveries d set pumped = false, leased_by = null, own_workflow = true, unsignalled_since = clock_timestamp()
      from locked l, tenants t, endpoints p
      where d.id = l.id and d.id = any($1::uuid[]) and t.id = d.tenant_id and p.id = d.endpoint_id
      returning ${refColumns}, d.unsignalled_since::text`,
    values: [deliveryIds.map(uuidOf)],
  });
  return rows.map((row) => ({ ...toRef(row), pumped: false, unsignalledSince: row.unsignalled_since }));
}
