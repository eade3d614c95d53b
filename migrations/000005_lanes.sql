-- Lanes (docs/lanes.md): one owner for an endpoint whose traffic must be paced, ordered, batched, held, probed, or is more than it takes. What waits for it is a
-- delivery that is `held`. Who parks reads `parks(endpoint)`, and after its commit the lane's state; a lane that rests commits that, and then looks for rows.

alter table endpoints
  add column rate_limit jsonb,
  add column ordering text not null default 'none' check (ordering in ('none', 'endpoint', 'key')),
  add column ordering_since timestamptz, -- null: since it was made
  add column on_dead_letter text not null default 'skip' check (on_dead_letter in ('skip', 'block')),
  add column batch jsonb,
  add column coalesce_ms int,
  add column auto_recover boolean not null default true,
  add column needs_lane boolean not null
    generated always as (rate_limit is not null or ordering <> 'none' or batch is not null or coalesce_ms is not null or gate <> 'open') stored;
create index endpoints_ordering on endpoints (tenant_id) where ordering <> 'none' and deleted_at is null;

-- `orders`: some endpoint of the tenant is ordered, so its events are parked before their acceptance is answered.
alter table tenants add column rate_limit jsonb, add column orders boolean not null default false;

create or replace function bump_endpoints_version() returns trigger language plpgsql as $$
begin
  -- waited for here, so that the next statement sees what whoever had the lock has committed: an update that waits would still not see its endpoints
  perform from tenants where id = new.tenant_id for no key update;
  update tenants set endpoints_version = endpoints_version + 1,
    orders = exists (select from endpoints where tenant_id = new.tenant_id and ordering <> 'none' and deleted_at is null)
  where id = new.tenant_id;
  return null;
end
$$;

create table lanes (
  endpoint_id uuid primary key,
  tenant_id uuid not null,
  -- others park, whatever the endpoint's settings say, while there is something to do
  parks boolean not null,
  reason text not null check (reason in ('backlog', 'cap', 'failing')),
  -- awake: a drain runs or was asked for. idle: a parked row wakes it. shut: it does not (gate, circuit, Retry-After, the head's own time)
  state text not null check (state in ('awake', 'idle', 'shut')),
  state_reason text,
  epoch bigint not null default 0,
  -- when it means to act; null: not by itself
  due_at timestamptz,
  drain_seen timestamptz,
  -- when the last drain ended in order; null: one may still be posting
  ended_at timestamptz,
  allowance jsonb,
  circuit jsonb,
  failing_since timestamptz,
  opened_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index lanes_parking on lanes (endpoint_id) where parks;
create index lanes_due on lanes (due_at) where due_at is not null;

insert into lanes (endpoint_id, tenant_id, parks, reason, state, state_reason)
select id, tenant_id, true, 'backlog', 'shut', 'paused' from endpoints where gate <> 'open' and deleted_at is null;

create function parks(p endpoints) returns boolean language sql stable as $$
  select p.needs_lane or coalesce(p.not_before > now(), false)
    or exists (select from lanes l where l.endpoint_id = p.id and l.parks)
    or exists (select from tenants t where t.id = p.tenant_id and t.rate_limit is not null)
$$;

-- What processes have counted of endpoints that refused something within the last minute; `counts` is domain/circuit.ts's.
create table endpoint_health (
  endpoint_id uuid primary key,
  counts jsonb not null,
  failing_since timestamptz,
  updated_at timestamptz not null default now()
);
create index endpoint_health_recent on endpoint_health (updated_at);

create table tenant_rates (
  tenant_id uuid primary key,
  tokens float8 not null,
  at timestamptz not null
);

-- The number last given, per endpoint ('') or ordering key.
create table lane_sequences (
  endpoint_id uuid not null,
  key text not null,
  last bigint not null,
  primary key (endpoint_id, key)
);

alter table events add column coalesce_key text;

alter table deliveries
  add column position bigint, -- its place in the order; null: none
  add column lane_key text,
  add column coalesce_key text,
  add column sequence bigint,
  add column batch_id uuid;
update deliveries set next_attempt_at = now() where status = 'held' and next_attempt_at is null;
create index deliveries_held_by_position on deliveries (endpoint_id, position nulls first) where status = 'held';
create index deliveries_held_by_time on deliveries (endpoint_id, (case when round > 1 then 2 when attempts > 0 then 1 else 0 end), next_attempt_at)
  where status = 'held';
create index deliveries_held_expiring on deliveries (expires_at) where status = 'held' and expires_at is not null;
create index deliveries_blocking on deliveries (endpoint_id, position) where status in ('dead_lettered', 'quarantined') and position is not null;
create index deliveries_numbered on deliveries (endpoint_id, lane_key, sequence) where sequence is not null;

-- What the owner of an endpoint is to be told.
create table alerts (
  id uuid primary key,
  tenant_id uuid not null,
  endpoint_id uuid,
  kind text not null,
  detail jsonb not null default '{}',
  created_at timestamptz not null default now()
);
create index alerts_of_tenant on alerts (tenant_id, id);
