// A tenant with one row in every table that tenants may read; each row contains a text that can be
// recognised.
import type pg from 'pg';
import { deliveryId, idOf, uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';

/** UUIDs, as PostgreSQL writes them. */
export interface Furnished {
  tenant: string;
  endpoint: string;
  event: string;
  delivery: string;
  /** Matches any text that shows data of this tenant. */
  anyOfIt: RegExp;
  /** All its rows as they are now. */
  rows(): Promise<unknown[]>;
}

const dashed = (id: string) =>
  uuidOf(id)
    .replace(/-/g, '')
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');

export async function furnished(db: pg.Pool, name: string): Promise<Furnished> {
  const canary = `canary-${name}-${Math.random().toString(36).slice(2)}`;
  const [tenant = '', endpoint = '', event = '', secret = '', attempt = '', alert = '', channel = ''] = (
    ['tnt', 'ep', 'evt', 'sec', 'att', 'alr', 'ach'] as const
  ).map((prefix) => dashed(newId(prefix)));
  const delivery = dashed(deliveryId(idOf('evt', event), idOf('ep', endpoint)));
  const insert = (text: string, ...values: unknown[]) => db.query(text, values);
  await insert('insert into tenants (id, external_id, name) values ($1, $2, $2)', tenant, canary);
  await insert(
    `insert into endpoints (id, tenant_id, sealed, host, description) values ($1, $2, '', $3, $3)`,
    endpoint,
    tenant,
    `https://${canary}.test/`,
  );
  await insert('insert into shapes (id, endpoint_id, sealed, is_whole) values ($1, $2, $3, true)', secret, endpoint, Buffer.from(canary));
  await insert('insert into endpoint_secrets (id, endpoint_id, sealed) values ($1, $2, $3)', secret, endpoint, Buffer.from(canary));
  await insert(
    `insert into events (id, tenant_id, external_id, type, channels, body, body_timestamp, accepted_at, position)
     values ($1, $2, $3, 'order.created', '{}', $4, '', now(), 1)`,
    event,
    tenant,
    canary,
    Buffer.from(canary),
  );
  await insert(
    'insert into event_ids (tenant_id, external_id, event_id, content_hash) values ($1, $2, $3, $4)',
    tenant,
    canary,
    event,
    Buffer.of(1),
  );
  await insert(
    `insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, last_message) values ($1, $2, $3, $4, 'order.created', 'pending', $5)`,
    delivery,
    event,
    endpoint,
    tenant,
    canary,
  );
  await insert(
    `insert into attempts (delivery_id, id, round, number, started_at, outcome, message, total_ms) values ($1, $2, 1, 1, now(), 'timeout', $3, 1)`,
    delivery,
    attempt,
    canary,
  );
  await insert(`insert into lanes (endpoint_id, tenant_id, parks, reason, state) values ($1, $2, true, 'cap', 'idle')`, endpoint, tenant);
  await insert('insert into lane_sequences (endpoint_id, key, last) values ($1, $2, 1)', endpoint, canary);
  await insert(
    `insert into replays (id, tenant_id, endpoint_id, statuses, types, never_attempted, target, since, until, status, phase, cursor, per_second, created_by)
     values ($1, $2, $3, '{}', '{}', false, 'frozen', now(), now(), 'paused', 'deliveries', $3, 1, $4)`,
    dashed(newId('rpl')),
    tenant,
    endpoint,
    canary,
  );
  await insert(`insert into alerts (id, tenant_id, endpoint_id, kind) values ($1, $2, $3, 'test')`, alert, tenant, endpoint);
  await insert(
    `insert into alerts (id, tenant_id, kind, for_owner) values (gen_random_uuid(), $1, 'only for the operator', false)`,
    tenant,
  );
  await insert(
    `insert into alert_channels (id, tenant_id, kind, sealed, quiet_ms) values ($1, $2, 'slack', $3, 0)`,
    channel,
    tenant,
    Buffer.from(canary),
  );
  await insert('insert into missed_lists (endpoint_id, tenant_id) values ($1, $2)', endpoint, tenant);
  await insert(
    `insert into endpoint_history (endpoint_id, until, event_types, channels, gate) values ($1, now(), '{}', '{}', 'open')`,
    endpoint,
  );
  for (const table of ['stats_minutes', 'stats_hours'])
    await insert(`insert into ${table} (id, at, scope, tenant_id, outcomes) values ($1, now(), 'endpoint', $2, $3)`, endpoint, tenant, {
      [canary]: 1,
    });
  await insert(`insert into stats_backlogs (id, tenant_id, held, dead_lettered) values ($1, $2, 1, 1)`, endpoint, tenant);
  await insert(`insert into stats_held (id, at, tenant_id, held) values ($1, now(), $1, 1)`, tenant);
  const sandbox = dashed(newId('sbx'));
  await insert(
    `insert into sandboxes (id, tenant_id, endpoint_id, name, script) values ($1, $2, $3, $4, '')`,
    sandbox,
    tenant,
    endpoint,
    canary,
  );
  await insert(
    `insert into sandbox_requests (id, sandbox_id, tenant_id, webhook_id, method, signature, body_bytes, content)
     values ($1, $2, $3, $4, 'POST', 'valid', 1, $5)`,
    dashed(newId('sbr')),
    sandbox,
    tenant,
    canary,
    Buffer.from(canary),
  );
  await insert('insert into sandbox_attempts (sandbox_id, webhook_id, attempts, seen_at) values ($1, $2, 1, now())', sandbox, canary);
  await insert('insert into conformance_runs (endpoint_id, tenant_id, started_at) values ($1, $2, now())', endpoint, tenant);
  return {
    tenant,
    endpoint,
    event,
    delivery,
    anyOfIt: new RegExp([canary, Buffer.from(canary).toString('hex'), tenant, endpoint, event, delivery].join('|')),
    async rows() {
      const { rows } = await db.query(
        `select to_jsonb(t) from tenants t where id = $1 union all select to_jsonb(p) from endpoints p where tenant_id = $1
         union all select to_jsonb(s) from endpoint_secrets s where endpoint_id = $2 union all select to_jsonb(d) from deliveries d where tenant_id = $1`,
        [tenant, endpoint],
      );
      return rows;
    },
  };
}
