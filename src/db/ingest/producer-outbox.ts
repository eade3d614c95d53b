// The outbox in the database of a producer: the table that `publish` of @posthorn/client/outbox writes to.
// Rows are deleted or marked one by one and no position is kept, so a row that is committed late is never skipped.
import type { Pool, PoolClient } from 'pg';

export interface ProducerRow {
  position: number;
  id: string;
  tenant: string | null;
  type: string;
  /** Null: longer than `maxBytes`. */
  data: string | null;
  orderingKey: string | null;
  /** Null: longer than `maxBytes`. */
  options: string | null;
}

/** The channel that the table's trigger notifies. */
export const producerChannel = 'posthorn_producer';

/** `orders`, `public.orders` → `"public"."orders"`. */
function quotedTable(name: string): string {
  return name
    .split('.')
    .map((part) => `"${part}"`)
    .join('.');
}

export interface RowsWanted {
  /** Rows of these tenants wait. */
  except: string[];
  /** The tenant of rows that name none. */
  tenant: string | null;
  maxBytes: number;
  limit: number;
}

/** The committed rows that are not set aside, in the order in which the producer's statements wrote them. */
export async function readProducerRows(db: Pool, table: string, { except, tenant, maxBytes, limit }: RowsWanted): Promise<ProducerRow[]> {
  const { rows } = await db.query<ProducerRow>(
    `select position, id, coalesce(tenant, $2) as tenant, type, ordering_key as "orderingKey",
       case when octet_length(data::text) <= $3 then data::text end as data,
       case when octet_length(options::text) <= $3 then options::text end as options
     from ${quotedTable(table)}
     where refused_at is null and coalesce(tenant, $2, '') <> all($1::text[])
     order by position limit $4`,
    [except, tenant, maxBytes, limit],
  );
  return rows;
}

export async function deleteProducerRows(db: Pool, table: string, positions: number[]): Promise<void> {
  await db.query(`delete from ${quotedTable(table)} where position = any($1::bigint[])`, [positions]);
}

/** Sets a row aside, for people to look at. */
export async function refuseProducerRow(db: Pool, table: string, position: number, reason: string): Promise<void> {
  await db.query(`update ${quotedTable(table)} set refused_at = now(), refusal = $2 where position = $1`, [position, reason]);
}

/**
 * Makes this connection the one relay of the table. False: another relay is. The lock ends with the connection. Throws if
 * the table does not exist.
 */
export async function lockProducerTable(client: PoolClient, table: string): Promise<boolean> {
  // so that PostgreSQL notices within half a minute when the machine of the relay is gone
  await client.query(
    "select set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false), set_config('tcp_keepalives_count', '4', false)",
  );
  const { rows } = await client.query<{ locked: boolean }>(
    `select pg_try_advisory_lock(8061102, ('${quotedTable(table)}'::regclass::oid::bigint % 2147483647)::int) as locked`,
  );
  return rows[0]?.locked ?? false;
}
