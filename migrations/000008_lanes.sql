-- Lanes (docs/lanes.md): the single queue of an endpoint that cannot be sent to directly. Its deliveries are `held`.
--
-- A process that parks deliveries commits them and then reads the state of the lane. A lane that goes to rest commits
-- its state and then looks for deliveries. So one of the two always sees the other (docs/decisions/0010).

create table lanes (
  endpoint_id uuid primary key,
  tenant_id uuid not null,

  -- While this is true, every process parks deliveries for this endpoint, whatever the endpoint's settings are.
  parks boolean not null,
  reason text not null check (reason in ('backlog', 'cap', 'failing')), -- why it was opened

  -- awake: a drain runs, or is due. idle: a parked delivery wakes it. blocked: a parked delivery does not wake it,
  -- because its gate is closed, its circuit is open, a Retry-After runs, or the next delivery in order is not due.
  state text not null check (state in ('awake', 'idle', 'blocked')),
  state_reason text, -- why it sends nothing now; `laneWaits` of src/domain/lanes/lane.ts
  hurried boolean not null default false, -- it may hold hurried deliveries: the drain looks for them first
  due_at timestamptz, -- when it drains next; null: only after a signal

  -- the drain's lease
  epoch bigint not null default 0, -- increases with each drain: a drain of an older epoch changes nothing
  drain_seen timestamptz, -- the last renewal of the lease
  ended_at timestamptz, -- when the last drain ended in order; null: one may still be sending

  -- learnt from the endpoint's answers
  target_version int not null default 1, -- the version of the target that gave them
  allowance jsonb, -- the throttle
  circuit jsonb,
  failing_since timestamptz,

  updated_at timestamptz not null default now()
);
create index lanes_parking on lanes (endpoint_id) where parks;
create index lanes_due on lanes (due_at) where due_at is not null;
select open_to_tenants('lanes', 'select', 'tenant_id = current_tenant()');

-- The last sequence number of an ordered endpoint, or of one of its ordering keys.
create table lane_sequences (
  endpoint_id uuid not null,
  key text not null, -- '' for the whole endpoint
  last bigint not null,
  primary key (endpoint_id, key)
);
select open_to_tenants('lane_sequences', 'select', 'exists (select from endpoints p where p.id = endpoint_id)');

-- The token buckets of tenants with a rate limit. The drains of all processes draw from them.
create table tenant_rates (
  tenant_id uuid primary key,
  tokens float8 not null,
  at timestamptz not null
);

-- Whether deliveries of this endpoint are parked.
create function parks(p endpoints) returns boolean language sql stable as $$
  select p.needs_lane or coalesce(p.not_before > now(), false)
    or exists (select from lanes l where l.endpoint_id = p.id and l.parks)
    or exists (select from tenants t where t.id = p.tenant_id and t.rate_limit is not null)
$$;

-- A changed target is another server: the throttle, the circuit and the failure counts of the old one are dropped
-- (docs/decisions/0022). A security definer, because a caller of one tenant may change its endpoints but not lanes. A
-- lane at rest becomes due, so that the sweep wakes it if nothing else does.
create function forget_target() returns trigger language plpgsql security definer set search_path from current as $$
begin
  delete from endpoint_health where endpoint_id = new.id and target_version < new.target_version;
  update lanes set target_version = new.target_version, allowance = null, circuit = null, failing_since = null,
    due_at = case when state = 'awake' then due_at else now() end, updated_at = now()
  where endpoint_id = new.id and target_version < new.target_version;
  return null;
end
$$;
create trigger forget_target after update of target_version on endpoints
  for each row when (new.target_version > old.target_version) execute function forget_target();

-- A retry-now of a held delivery makes its lane due.
create function hurry_lane() returns trigger language plpgsql security definer set search_path from current as $$
begin
  update lanes set hurried = true, due_at = case when state = 'awake' then due_at else now() end
  where endpoint_id = new.endpoint_id;
  return null;
end
$$;
create trigger hurry_lane after update of hurried on deliveries
  for each row when (new.hurried) execute function hurry_lane();
