// Events that a producer writes in its own PostgreSQL transaction: `posthorn ingest outbox` posts them after the commit.
// If the transaction is rolled back, there is no event.
import { randomUUID } from 'node:crypto';
import { jsonText } from './raw-json.ts';

export { type RawJson, rawJson } from './raw-json.ts';

/** The fields of `POST /v1/tenants/{tenant}/events`, and the tenant. */
export interface OutboxEvent {
  /** Absent: the tenant that the relay is configured with. */
  tenant?: string;
  /** Such as `order.created`. */
  type: string;
  /** Any JSON value, or `rawJson(text)`; at most 256 KiB as text. */
  data: unknown;
  /** Yours, unique within the tenant; 1 to 128 of `A-Z a-z 0-9 _ -`. Absent: one is made. */
  id?: string;
  orderingKey?: string;
  coalesceKey?: string;
  channels?: string[];
  version?: number;
  subject?: string;
  /** ISO 8601. Absent: now if `id` is absent too, else when Posthorn accepts the event. */
  occurredAt?: string;
  deliverAt?: string;
  expiresAt?: string;
}

/** A transaction: a client of `pg`, or anything else with its `query`. */
export interface Transaction {
  query(text: string, values: unknown[]): PromiseLike<unknown>;
}

export interface OutboxOptions {
  /** `table` or `schema.table`; default: `posthorn_outbox`. */
  table?: string;
}

/** One SQL statement with the parameters `$1` to `$6`, in this order and each used once. */
export interface Statement {
  text: string;
  values: (string | null)[];
  /** The id of the event. */
  id: string;
}

const usualTable = 'posthorn_outbox';

/**
 * Writes an event in the transaction. Resolves to the event's id.
 *
 * @example
 * await client.query('begin');
 * await client.query('insert into orders …');
 * await publish(client, { tenant: 'acme', type: 'order.created', data: { orderId: 1001 }, orderingKey: 'order-1001' });
 * await client.query('commit');
 */
export async function publish(tx: Transaction, event: OutboxEvent, options: OutboxOptions = {}): Promise<string> {
  const { text, values, id } = outboxInsert(event, options);
  await tx.query(text, values);
  return id;
}

/** The statement of `publish`, for libraries with another way to run SQL. Throws TypeError for what can be no event. */
export function outboxInsert(event: OutboxEvent, { table = usualTable }: OutboxOptions = {}): Statement {
  const { tenant, type, data, id = `evt_${randomUUID().replaceAll('-', '')}`, orderingKey, ...given } = event;
  // an event that is published again with its id must have the same content
  const options = event.id === undefined ? { occurredAt: new Date().toISOString(), ...given } : given;
  if (typeof type !== 'string' || type === '') throw new TypeError('type must be the name of an event type');
  if (!/^(?!test_)[A-Za-z0-9_-]{1,128}$/.test(id)) throw new TypeError('id must be 1 to 128 of A-Z a-z 0-9 _ - and not start with test_');
  return {
    text: `insert into ${quoted(table)} (id, tenant, type, data, ordering_key, options) values ($1, $2, $3, $4::text::json, $5, $6::text::json)`,
    values: [id, tenant ?? null, type, jsonText(data), orderingKey ?? null, JSON.stringify(options)],
    id,
  };
}

/** The SQL that makes the table, for your migrations. The same as the file `outbox.sql` of this package. */
export function outboxTableSql(table = usualTable): string {
  const name = quoted(table);
  const schema = table.includes('.') ? `${name.slice(0, name.indexOf('.'))}.` : '';
  // a name in PostgreSQL has at most 63 bytes
  const base = table.slice(table.indexOf('.') + 1).slice(0, 55);
  return `-- Events that wait for \`posthorn ingest outbox\`. The relay deletes a row after Posthorn has committed its event.
create table ${name} (
  -- the order of events with the same ordering_key
  position bigint generated always as identity primary key,
  -- the event's id: the same id is the same event
  id text not null,
  -- null: the tenant that the relay is configured with
  tenant text,
  type text not null,
  -- json, not jsonb: the text is sent as it is
  data json not null,
  ordering_key text,
  -- other fields of the event: channels, version, subject, occurredAt, deliverAt, expiresAt, coalesceKey
  options json not null default '{}',
  created_at timestamptz not null default now(),
  -- Posthorn refused the event: when and why. Set both to null to try again.
  refused_at timestamptz,
  refusal text
);

create index "${base}_waiting" on ${name} (position) where refused_at is null;

-- Wakes the relay, which otherwise looks every 5 seconds. Leave the function and the trigger out if your database
-- commits thousands of transactions a second: PostgreSQL commits those with a notification one after the other.
create function ${schema}"${base}_notify"() returns trigger language plpgsql as $$
begin
  notify posthorn_producer;
  return null;
end $$;

create trigger "${base}_notify" after insert on ${name} for each statement execute function ${schema}"${base}_notify"();
`;
}

function quoted(name: string): string {
  if (!/^[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)?$/.test(name)) throw new TypeError('table must be a table or schema.table');
  return name
    .split('.')
    .map((part) => `"${part}"`)
    .join('.');
}
