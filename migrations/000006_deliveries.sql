-- Deliveries (one event for one endpoint) and their attempts. Both are partitioned by day (see 000004_events.sql).
--
-- Lists stay fast with millions of deliveries (docs/decisions/0007). A delivery that succeeds at its first attempt is
-- inserted as succeeded and enters none of the partial indexes: deliveries that did not succeed are rare, and are what
-- people look for.

create table deliveries (
  id uuid not null,
  event_id uuid not null,
  endpoint_id uuid not null,
  tenant_id uuid not null,
  event_type text not null,

  -- progress
  status text not null check (status in
    ('pending', 'retrying', 'held', 'succeeded', 'dead_lettered', 'quarantined', 'cancelled', 'expired')),
  round int not null default 1, -- a replay opens the next round
  attempts int not null default 0, -- attempts of this round that count
  faults int not null default 0, -- consecutive failures inside Posthorn
  next_attempt_at timestamptz, -- null: none is planned
  expires_at timestamptz,
  last_outcome text,
  last_message text,

  -- A delivery whose first attempt was accepted, or that waits in a lane, has no workflow of its own.
  own_workflow boolean not null default true,

  -- commands
  replay_id text, -- of the last replay, so that a repeated one changes nothing
  leased_until timestamptz, -- of a first attempt in flight: no other process makes it before
  -- The relays make the next attempt, without a workflow, or open the workflow of the dead letter later. False: its workflow does.
  pumped boolean not null default false,
  leased_by uuid, -- the relay that attempts a pumped delivery now; it counts while that relay lives
  hurried boolean not null default false, -- a retry-now was given that no attempt has taken yet
  -- Set with every change outside its workflow that the workflow or the lane must learn of; null: they were signalled.
  unsignalled_since timestamptz,

  -- its place in a lane
  position bigint, -- its place in the order; null: none
  lane_key text, -- the ordering key, if the endpoint is ordered by key
  coalesce_key text,
  sequence bigint, -- the number it was sent with
  batch_id uuid, -- the last batch it was sent in

  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (id)
) partition by range (id);

-- lists, of all deliveries and by status
create index deliveries_of_tenant on deliveries (tenant_id, id);
create index deliveries_of_endpoint on deliveries (endpoint_id, id);
create index deliveries_by_status on deliveries (status, id) where status <> 'succeeded';
create index deliveries_of_tenant_by_status on deliveries (tenant_id, status, id) where status <> 'succeeded';
-- also for resume and cancel, which look for the unfinished deliveries of an endpoint
create index deliveries_of_endpoint_by_status on deliveries (endpoint_id, status, id) where status <> 'succeeded';

-- the sweep
create index deliveries_due on deliveries (next_attempt_at) where status in ('pending', 'retrying') and not pumped;
-- the relays, tenant by tenant: what is due without a workflow, and dead letters without one
create index deliveries_pumped on deliveries (tenant_id, next_attempt_at) where pumped and status in ('pending', 'retrying');
create index deliveries_unopened on deliveries (tenant_id, id) where pumped and status = 'dead_lettered';
create index deliveries_unsignalled on deliveries (unsignalled_since) where unsignalled_since is not null;

-- the drain of a lane: the next delivery in order, by time, by event type and by ordering key
create index deliveries_held_by_position on deliveries (endpoint_id, position nulls first) where status = 'held';
-- first attempts before retries, retries before replays
create index deliveries_held_by_time
  on deliveries (endpoint_id, (case when round > 1 then 2 when attempts > 0 then 1 else 0 end), next_attempt_at)
  where status = 'held';
create index deliveries_held_by_type on deliveries (endpoint_id, event_type, next_attempt_at) where status = 'held';
create index deliveries_held_by_key on deliveries (endpoint_id, lane_key, position)
  where status = 'held' and lane_key is not null;
create index deliveries_held_expiring on deliveries (expires_at) where status = 'held' and expires_at is not null;
create index deliveries_hurried on deliveries (endpoint_id) where hurried;
-- dead letters that block an ordered endpoint, or one of its keys
create index deliveries_blocking on deliveries (endpoint_id, position)
  where status in ('dead_lettered', 'quarantined') and position is not null;
create index deliveries_blocking_key on deliveries (endpoint_id, lane_key)
  where status in ('dead_lettered', 'quarantined') and position is not null and lane_key is not null;
create index deliveries_numbered on deliveries (endpoint_id, lane_key, sequence) where sequence is not null;

select open_to_tenants('deliveries', 'select, update', 'tenant_id = current_tenant()');

-- Attempts: one HTTP request of a delivery, or of a batch of them.
create table attempts (
  delivery_id uuid not null,
  id uuid not null,
  round int not null,
  number int not null,
  started_at timestamptz not null,
  probe boolean not null default false, -- a refused probe does not use up the retry schedule, so numbers may repeat
  -- The kept connection closed before a byte of an answer arrived, and the request was sent once more. The receiver may
  -- have got the event twice.
  reconnected boolean not null default false,

  outcome text not null,
  message text not null,
  status_code int,
  -- The request, as the few facts that cannot be derived later (docs/decisions/0025), and headers and start of the body
  -- of the response. Encrypted together, like the body of the event, so that an erasure deletes both.
  exchange bytea,
  response_truncated boolean not null default false,
  -- The response to a batch is stored with its first member, and erased with any of them.
  batch_id uuid,

  address text,
  dns_ms real,
  connect_ms real,
  tls_ms real,
  first_byte_ms real,
  total_ms real not null,
  primary key (delivery_id, id)
) partition by range (delivery_id);
create index attempts_of_batch on attempts (batch_id) where batch_id is not null;
-- The delivery log is exported by time. BRIN: a few bytes for each megabyte, and next to nothing for each insert.
create index attempts_by_time on attempts using brin (started_at) with (pages_per_range = 64, autosummarize = on);

-- An attempt belongs to the tenant of its delivery, which is read under the policy of deliveries. A tenant may erase
-- requests and responses.
select open_to_tenants('attempts',
  'select, update (exchange)',
  'exists (select from deliveries d where d.id = delivery_id)');

-- Reads the next attempts by time for the export of the delivery log: at most `most`, of all tenants. Under the
-- policies each statement would read on until it has found that many of one tenant.
-- Returns those of the tenant or endpoint. About the others it tells only how many there were and where the last one
-- stands: in each row, and in one row without an attempt if there is none. A caller that is bound to a tenant gets
-- attempts of no other tenant, whatever the arguments are.
create function attempts_seen(
  since timestamptz, behind uuid, below timestamptz, of_tenant uuid, of_endpoint uuid, most int
) returns table (seen int, last_at text, last_id uuid, delivery_id uuid, id uuid)
  language plpgsql stable security definer as $$
declare
  theirs uuid := coalesce(nullif(current_setting('posthorn.tenant', true), '')::uuid, of_tenant);
begin
  -- `execute`, so that it is planned with these very times
  return query execute $q$
    with scanned as materialized (
      select a.id, a.delivery_id, a.started_at from attempts a
      where a.started_at >= $1 and a.started_at < $3 and (a.started_at, a.id) > ($1, $2)
      order by a.started_at, a.id limit $6
    ), last as (
      select s.id, to_char(s.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at
      from scanned s order by s.started_at desc, s.id desc limit 1
    ), told as (
      select s.id, s.delivery_id from scanned s
      -- no `exists`, which PostgreSQL may answer by reading all deliveries
      where ($4 is null and $5 is null)
        or (
          select ($4 is null or d.tenant_id = $4) and ($5 is null or d.endpoint_id = $5)
          from deliveries d where d.id = s.delivery_id
        )
    )
    select (select count(*)::int from scanned), (select l.at from last l), (select l.id from last l),
      t.delivery_id, t.id
    from (select) one left join told t on true
  $q$ using since, behind, below, theirs, of_endpoint, most;
end
$$;
do $$
begin
  -- it runs with its owner's rights, so it must find its own tables and never temporary tables of its caller
  execute format('alter function attempts_seen set search_path = %I, pg_temp', current_schema());
end
$$;
