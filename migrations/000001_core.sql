-- The core: who is served (tenants, endpoints, secrets), what was accepted (events, event_ids, outbox), how it leaves (relays, dispatches,
-- deliveries, attempts), and what makes calls repeatable (idempotency_keys).
-- events, deliveries and attempts are partitioned by day, and the day is in the id: every UUIDv7 of one day lies between two midnights, and a
-- delivery carries the time of its event (src/domain/ids.ts). So a row is found, and its partition known, by its primary key alone.
-- Bytes from outside are bytea: no producer and no endpoint can send what cannot be stored.

create table settings (
  name text primary key,
  value text not null
);

create sequence config_version;

create table tenants (
  id uuid primary key,
  external_id text not null,
  name text not null,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz
);
create unique index tenants_external_id on tenants (external_id) where deleted_at is null;

create table endpoints (
  id uuid primary key,
  tenant_id uuid not null references tenants,
  url text not null,
  event_types text[] not null default '{}',
  channels text[] not null default '{}',
  description text not null default '',
  headers jsonb not null default '{}',
  max_in_flight int,
  retry jsonb,
  timeout_ms int not null default 15000,
  metadata jsonb not null default '{}',
  gate text not null default 'open' check (gate in ('open', 'held', 'disabled')),
  gate_reason text,
  not_before timestamptz,
  version bigint not null default nextval('config_version'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz
);
create index endpoints_of_tenant on endpoints (tenant_id, id) where deleted_at is null;

create table endpoint_secrets (
  id uuid primary key,
  endpoint_id uuid not null references endpoints,
  sealed bytea not null,
  valid_from timestamptz not null default now(),
  valid_to timestamptz
);
create index endpoint_secrets_of_endpoint on endpoint_secrets (endpoint_id);

create sequence event_position;

create table events (
  id uuid not null,
  tenant_id uuid not null,
  external_id text not null,
  type text not null,
  channels text[] not null,
  body bytea not null,
  body_timestamp text not null,
  ordering_key text,
  version int,
  deliver_at timestamptz,
  expires_at timestamptz,
  only_endpoint_id uuid, -- an event made to test one endpoint goes to no other
  accepted_at timestamptz not null,
  position bigint not null,
  primary key (id)
) partition by range (id);
create index events_of_tenant on events (tenant_id, id);

create table event_ids (
  tenant_id uuid not null,
  external_id text not null,
  event_id uuid not null,
  content_hash bytea not null,
  primary key (tenant_id, external_id)
);

-- One row for each event that no dispatch guards yet. `owner` is the relay that hands it over; null: any.
create table outbox (
  event_id uuid primary key,
  tenant_id uuid not null,
  owner uuid,
  accepted_at timestamptz not null default now()
) with (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 2000);

create table relays (
  id uuid primary key,
  process text not null,
  started_at timestamptz not null default now(),
  seen timestamptz not null default now()
);

create table dispatches (
  id uuid primary key,
  event_ids uuid[] not null,
  planned boolean not null default false,
  created_at timestamptz not null default now(),
  done_at timestamptz
);
create index dispatches_not_done on dispatches (created_at) where done_at is null;
create index dispatches_done on dispatches (done_at) where done_at is not null;

create table deliveries (
  id uuid not null,
  event_id uuid not null,
  endpoint_id uuid not null,
  tenant_id uuid not null,
  event_type text not null,
  status text not null check (status in ('pending', 'retrying', 'held', 'succeeded', 'dead_lettered', 'quarantined', 'cancelled', 'expired')),
  round int not null default 1,
  attempts int not null default 0,
  faults int not null default 0,
  next_attempt_at timestamptz,
  expires_at timestamptz,
  replay_id text,
  -- orders given from outside its workflow, and those its workflow was told of
  orders int not null default 0,
  orders_told int not null default 0,
  last_outcome text,
  last_message text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (id)
) partition by range (id);
create index deliveries_of_tenant on deliveries (tenant_id, id);
create index deliveries_of_endpoint on deliveries (endpoint_id, id);
create index deliveries_untold on deliveries (updated_at) where orders_told < orders;
create index deliveries_due on deliveries (next_attempt_at) where status in ('pending', 'retrying');

create table attempts (
  delivery_id uuid not null,
  id uuid not null,
  round int not null,
  number int not null,
  started_at timestamptz not null,
  outcome text not null,
  message text not null,
  status_code int,
  response_headers bytea,
  response_body bytea,
  response_truncated boolean not null default false,
  address text,
  dns_ms real,
  connect_ms real,
  tls_ms real,
  first_byte_ms real,
  total_ms real not null,
  primary key (delivery_id, id)
) partition by range (delivery_id);

create table idempotency_keys (
  scope text not null,
  key text not null,
  request_hash bytea not null,
  seed uuid not null,
  claim uuid not null,
  claimed_until timestamptz not null,
  status int,
  response bytea,
  created_at timestamptz not null default now(),
  primary key (scope, key)
);
create index idempotency_keys_by_age on idempotency_keys (created_at);

-- The lowest UUIDv7 of a day in UTC.
create function first_uuid_of(day date) returns uuid language sql immutable as $$
  select (lpad(to_hex((extract(epoch from day::timestamp) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

-- The days from yesterday to so many days ahead that have no partition yet.
create function missing_partitions(days_ahead int) returns table (parent text, day date) language sql stable as $$
  select p.parent, d.day::date
  from unnest(array['events', 'deliveries', 'attempts']) as p (parent),
    generate_series((now() at time zone 'utc')::date - 1, (now() at time zone 'utc')::date + days_ahead, interval '1 day') as d (day)
  where to_regclass(p.parent || '_' || to_char(d.day, 'YYYYMMDD')) is null
  order by d.day, p.parent
$$;

-- Makes one partition. Attaching a finished table takes a lock that stands in no reader's or writer's way, as `create table … partition of` would;
-- the check saves attaching the look at its rows. Waits 2 s at most for its locks. A partition that is there already is fine.
create function make_partition(parent text, day date) returns void language plpgsql set lock_timeout = '2s' as $$
declare
  partition text := parent || '_' || to_char(day, 'YYYYMMDD');
  key text := case parent when 'attempts' then 'delivery_id' else 'id' end;
begin
  perform pg_advisory_xact_lock(hashtext('posthorn.partitions'));
  if to_regclass(partition) is not null then return; end if;
  execute format('create table %I (like %I including all)', partition, parent);
  execute format('alter table %I add constraint of_its_day check (%I >= %L and %I < %L)', partition, key, first_uuid_of(day), key, first_uuid_of(day + 1));
  execute format('alter table %I attach partition %I for values from (%L) to (%L)', parent, partition, first_uuid_of(day), first_uuid_of(day + 1));
  execute format('alter table %I drop constraint of_its_day', partition);
end
$$;
