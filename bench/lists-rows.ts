// Fills an empty, migrated store with the deliveries of many days, by SQL. Includes the worst cases
// for lists: tenants and endpoints of very unequal size, and statuses and types that occur once,
// long ago.
import type pg from 'pg';
import { idOf } from '#domain/ids';
import { sealTarget } from '#sealing/endpoint-target-encryption';
import { createVault } from '#sealing/vault';
import { masterKeys } from './posthorn.ts';

export interface Shape {
  rows: number;
  days: number;
}

const tenants = 1_000;
const endpoints = 3_000;
const endpointsOfBig = 1_500;

/**
 * The tenant with 40 % of all deliveries. It has one dead letter and one event of the rare type, a third of the days
 * ago.
 */
export const bigTenant = 'tenant-0';
/** A tenant without any accepted delivery. */
export const deadTenant = 'tenant-2';
export const smallTenant = 'tenant-900';
export const rareType = 'audit.exported';
export const commonType = 'order.created';
/** Common in all tenants but the big one, which has one event of it, a third of the days ago. */
export const foreignType = 'invoice.paid';
/** Events for every endpoint of the big tenant: one long ago, one today. */
export const fanOuts = ['fan-out-long-ago', 'fan-out-today'] as const;

/** Inserts rows day by day, so that each partition is filled in the order of its ids, as in production. */
export async function fillStore(db: pg.Client, { rows, days }: Shape, say: (line: string) => void): Promise<void> {
  await db.query('set synchronous_commit = off');
  for (const text of idFunctions) await db.query(text);
  await db.query(makeTenants, [tenants, days]);
  await db.query('create temp table some_endpoints (tenant int, place int, of int, tenant_id uuid, endpoint_id uuid)');
  await db.query(nameEndpoints, [endpoints, endpointsOfBig, tenants, days]);
  await insertEndpoints(db, days);
  await db.query('analyze some_endpoints');
  const longAgo = Math.round(days / 3);
  for (let ago = days; ago >= 0; ago--) {
    for (const parent of ['events', 'deliveries', 'attempts']) {
      await db.query(`select make_partition($1, (now() at time zone 'utc')::date - $2::int)`, [parent, ago]);
    }
    await db.query(makeDay, [ago, Math.ceil(rows / (days + 1)), tenants, longAgo]);
    if (ago % 10 === 0) say(`${ago} days to fill`);
  }
  for (const [name, ago] of [[fanOuts[0], longAgo] as const, [fanOuts[1], 0] as const]) await db.query(makeFanOut, [name, ago]);
  await db.query(makeManyAttempts, [bigTenant]);
  await db.query(makeDispatches);
  for (const table of ['tenants', 'endpoints', 'events', 'event_ids', 'deliveries', 'attempts', 'dispatches']) {
    await db.query(`vacuum (analyze) ${table}`);
  }
}

/** With targets encrypted by the master key: Posthorn does not start if it lacks a key that is in use. */
async function insertEndpoints(db: pg.Client, days: number): Promise<void> {
  const vault = createVault(masterKeys());
  const target = { url: 'https://api.example.com/hooks', headers: {}, auth: null, tls: null };
  const { rows } = await db.query<{ id: string }>('select endpoint_id as id from some_endpoints');
  const sealed = rows.map(({ id }) => sealTarget(vault, idOf('ep', id), target).sealed);
  await db.query(makeEndpoints, [days, rows.map(({ id }) => id), sealed]);
}

const idFunctions = [
  `create function pg_temp.uuid_at(at timestamptz, seed text) returns uuid language sql immutable as $$
    select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || left(md5(seed), 3) || '8' || substr(md5(seed), 4, 15))::uuid
  $$`,
  // the same as deliveryId in src/domain/ids.ts
  `create function pg_temp.delivery_of(event uuid, endpoint uuid) returns uuid language sql immutable as $$
    select (substr(event::text, 1, 18) || lpad(to_hex((
      (('x' || right(replace(event::text, '-', ''), 16))::bit(64) # ('x' || right(replace(endpoint::text, '-', ''), 16))::bit(64))
      & x'3fffffffffffffff' | x'8000000000000000')::bigint), 16, '0'))::uuid
  $$`,
];

const makeTenants = `
  insert into tenants (id, external_id, name, created_at)
  select pg_temp.uuid_at(at, 'tenant' || n), 'tenant-' || n, 'Tenant ' || n, at
  from generate_series(0, $1::int - 1) as n, lateral (select now() - ($2::int + 2) * interval '1 day' + n * interval '1 second' as at) as t`;

const nameEndpoints = `
  insert into some_endpoints
  select tenant, place, count(*) over (partition by tenant), t.id, pg_temp.uuid_at(t.created_at + n * interval '1 second', 'endpoint' || n)
  from (
    select n, case when n < $2::int then 0 else 1 + (n - $2) % ($3::int - 1) end as tenant, case when n < $2 then n else (n - $2) / ($3 - 1) end as place
    from generate_series(0, $1::int - 1) as n
  ) as e join tenants t on t.external_id = 'tenant-' || tenant
  where $4::int > 0`;

const makeEndpoints = `
  insert into endpoints (id, tenant_id, sealed, host, created_at)
  select endpoint_id, tenant_id, sealed, 'api.example.com', now() - ($1::int + 2) * interval '1 day'
  from some_endpoints join unnest($2::uuid[], $3::bytea[]) as s (endpoint_id, sealed) using (endpoint_id)`;

const makeDay = `
  with drawn as materialized (
    select i, date_trunc('day', now(), 'utc') - $1::int * interval '1 day' + (i - 0.5) * interval '1 day' / $2::int as at, random() as tenant_draw,
      random() as endpoint_draw, random() as status_draw, random() as type_draw, $1 = $4::int and i <= 3 as rare
    from generate_series(1, $2) as i
  ), placed as materialized (
    select d.*, case when rare or tenant_draw < 0.4 then 0 else 1 + floor(($3::int - 1) * ((tenant_draw - 0.4) / 0.6) ^ 3)::int end as tenant,
      pg_temp.uuid_at(at, $1 || '-' || i) as event_id
    from drawn d where at < now()
  ), made as materialized (
    select p.*, e.tenant_id, e.endpoint_id, pg_temp.delivery_of(event_id, e.endpoint_id) as id,
      case when rare and i = 2 then 'audit.exported' when rare and i = 3 or p.tenant <> 0 and type_draw > 0.95 then 'invoice.paid' when type_draw < 0.5 then 'order.created' else 'order.step_' || floor(type_draw * 20) end as type,
      case when rare and i = 1 or p.tenant = 2 then 'dead_lettered' when $1 = $4 * 2 and i = 1 then 'quarantined' when status_draw < 0.985 then 'succeeded'
        when $1 <= 2 and status_draw < 0.990 then 'retrying' when $1 <= 2 and status_draw < 0.991 then 'pending' when $1 <= 2 and status_draw < 0.993 then 'held'
        when p.tenant = 0 then case when status_draw < 0.993 then 'cancelled' else 'expired' end
        when status_draw < 0.996 then 'dead_lettered' else 'cancelled' end as status
    from (
      select p.*, floor(f.of * case when p.tenant = 0 then endpoint_draw ^ 4 else endpoint_draw end)::int as place
      from placed p join some_endpoints f on f.tenant = p.tenant and f.place = 0
    ) p join some_endpoints e on e.tenant = p.tenant and e.place = p.place
  ), of_events as (
    insert into events (id, tenant_id, external_id, type, channels, body, body_timestamp, accepted_at, position)
    select event_id, tenant_id, 'order-' || $1 || '-' || i, type, '{}', convert_to('{"type":"' || type || '","timestamp":"' || at || '","data":{"order":"' || md5(i::text)
      || '","customer":"' || md5(at::text) || '","total":' || i || '}}', 'utf8'), at, at, nextval('event_position')
    from made order by event_id
  ), of_event_ids as (
    insert into event_ids (tenant_id, external_id, event_id, content_hash)
    select tenant_id, 'order-' || $1 || '-' || i, event_id, decode(md5(i::text) || md5(at::text), 'hex') from made order by event_id
  ), of_attempts as (
    insert into attempts (delivery_id, id, round, number, started_at, outcome, message, status_code, exchange, address, connect_ms,
      first_byte_ms, total_ms)
    select id, pg_temp.uuid_at(at + interval '10 ms', 'attempt' || id), 1, 1, at, case status when 'succeeded' then 'accepted' else 'http_status' end,
      'HTTP 200 from api.example.com, 12 ms', 200, '\\012[["content-type","text/plain"],["date","Sat, 21 Nov 2026 10:00:00 GMT"]]\\012ok', '192.0.2.1', 3, 11, 8 * exp(4 * type_draw ^ 6)
    from made where status <> 'pending' order by id
  )
  insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, attempts, next_attempt_at, last_outcome, last_message, created_at,
    updated_at, own_workflow)
  select id, event_id, endpoint_id, tenant_id, type, status, case status when 'pending' then 0 else 1 end,
    case when status in ('pending', 'retrying') then now() + (1 + status_draw) * interval '1 hour' end,
    case status when 'pending' then null when 'succeeded' then 'accepted' else 'http_status' end, 'HTTP 200 from api.example.com, 12 ms', at, at,
    status <> 'succeeded' or i % 5 = 0
  from made order by id`;

const makeFanOut = `
  with event as (
    insert into events (id, tenant_id, external_id, type, channels, body, body_timestamp, accepted_at, position)
    select pg_temp.uuid_at(at, $1), t.id, $1, 'order.created', '{}', '{"type":"order.created","timestamp":"t","data":{}}', 't', at, nextval('event_position')
    from tenants t, lateral (select now() - $2::int * interval '1 day' - interval '1 minute' as at) as a where t.external_id = 'tenant-0'
    returning id, tenant_id, accepted_at
  ), of_event_ids as (
    insert into event_ids (tenant_id, external_id, event_id, content_hash) select tenant_id, $1, id, '' from event
  )
  insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, attempts, last_outcome, last_message, created_at, updated_at, own_workflow)
  select pg_temp.delivery_of(v.id, e.endpoint_id), v.id, e.endpoint_id, v.tenant_id, 'order.created', 'succeeded', 1, 'accepted',
    'HTTP 200 from api.example.com, 12 ms', v.accepted_at, v.accepted_at, false
  from event v join some_endpoints e on e.tenant = 0 order by 1`;

// 1,000 attempts of the big tenant's oldest delivery
const makeManyAttempts = `
  insert into attempts (delivery_id, id, round, number, started_at, outcome, message, total_ms)
  select d.id, pg_temp.uuid_at(d.created_at + n * interval '1 minute', n::text), 1 + n / 9, 1 + n % 9, d.created_at, 'http_status', 'HTTP 500', 12
  from (select d.* from deliveries d join tenants t on t.id = d.tenant_id where t.external_id = $1 order by d.id limit 1) as d, generate_series(1, 1000) as n`;

// dispatches of the last week: full batches for batched events, one dispatch for each other event
const makeDispatches = `
  insert into dispatches (id, event_ids, planned, created_at, done_at)
  select pg_temp.uuid_at(max(created_at) + interval '300 ms', max(event_id::text)), array_agg(event_id order by event_id), true, max(created_at), max(created_at)
  from (
    select distinct on (event_id) event_id, own_workflow, created_at,
      case when own_workflow then -dense_rank() over (order by event_id) else (dense_rank() over (partition by own_workflow order by event_id)) / 256 end as batch
    from deliveries where id >= pg_temp.uuid_at(now() - interval '7 days', '') order by event_id
  ) as d
  group by batch`;
