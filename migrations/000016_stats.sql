-- Statistics: how much was accepted, delivered and refused in each minute and hour, by endpoint, by tenant and on the
-- platform. The chore `stats` (src/db/stats/roll-up.ts) counts stored rows later, so the delivery path does nothing for it.
-- docs/decisions/0046 has the protocol.

-- Lets the chore find the deliveries of a minute, and the live stream those that changed. BRIN, as `attempts_by_time`.
create index deliveries_by_time on deliveries using brin (created_at, updated_at) with (pages_per_range = 32, autosummarize = on);
create index events_by_time on events using brin (accepted_at) with (pages_per_range = 64, autosummarize = on);

-- One row for each minute in which something happened.
create table stats_minutes (
  id uuid not null, -- an endpoint, a tenant, or the platform: 00000000-0000-0000-0000-000000000000
  at timestamptz not null, -- the start of the minute
  scope text not null check (scope in ('endpoint', 'tenant', 'platform')),
  tenant_id uuid, -- null: the platform
  events int not null default 0, -- that the API accepted; counted for tenants and the platform
  accepted int not null default 0, -- deliveries that were created
  delivered int not null default 0, -- attempts that the endpoint accepted
  failed int not null default 0, -- all other attempts
  -- how many attempts had each duration, outcome and status code; the buckets: src/domain/stats/latency.ts
  latency jsonb not null default '{}',
  outcomes jsonb not null default '{}',
  status_codes jsonb not null default '{}',
  primary key (id, at)
) with (fillfactor = 70); -- the rows of the last minutes are updated in place
create index stats_minutes_by_time on stats_minutes using brin (at) with (pages_per_range = 16, autosummarize = on);
select open_to_tenants('stats_minutes', 'select', 'tenant_id = current_tenant()');

-- The sums of the final minutes. The minutes are deleted earlier.
create table stats_hours (like stats_minutes including defaults including constraints including indexes) with (fillfactor = 70);
select open_to_tenants('stats_hours', 'select', 'tenant_id = current_tenant()');

-- What waits, as counted last. Nothing waits for an endpoint without a row.
create table stats_backlogs (
  id uuid primary key, -- an endpoint; or a tenant: its events that have no deliveries yet
  tenant_id uuid not null,
  held int not null,
  dead_lettered int not null,
  oldest_at timestamptz -- acceptance of the oldest event that waits: pending, retrying or held; null: none does
);
create index stats_backlogs_of_tenant on stats_backlogs (tenant_id);
select open_to_tenants('stats_backlogs', 'select', 'tenant_id = current_tenant()');

-- How far the chore is. Minutes before `final_until` are final: they change only by `late_attempts`.
create table stats_progress (
  one boolean primary key default true check (one),
  final_until timestamptz not null
);
select open_to_tenants('stats_progress', 'select', 'true');

-- Attempts that were recorded so late that their minute may be final. Written with the attempt, in one statement.
create table late_attempts (
  delivery_id uuid not null,
  id uuid not null,
  primary key (delivery_id, id)
);

-- The sum of two objects of counts, such as {"200": 3} and {"200": 1, "500": 2}.
create function add_counts(a jsonb, b jsonb) returns jsonb language sql immutable as $$
  select coalesce(jsonb_object_agg(key, n), '{}')
  from (
    select key, sum(value::bigint) as n from (select * from jsonb_each_text(a) union all select * from jsonb_each_text(b)) both_of_them group by key
  ) summed
$$;
