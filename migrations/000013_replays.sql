-- Replay jobs (docs/replays.md, docs/decisions/0042): deliver again, or for the first time, all that a selection finds.

-- The row decides what a job does. Its cursor moves in the transaction that changes the deliveries of a page, so each delivery
-- is replayed once, however often the worker dies, and however many workers believe that they run the job.
create table replays (
  id uuid primary key,
  tenant_id uuid, -- null: all tenants

  -- what is replayed: of the endpoints that exist at `created_at`, what had these statuses then and was not changed since
  endpoint_id uuid, -- null: all endpoints
  statuses text[] not null, -- of existing deliveries; empty: none
  types text[] not null, -- event types, `prefix.*` or `*`; empty: all
  never_attempted boolean not null, -- also events for which an endpoint has no delivery
  target text not null check (target in ('frozen', 'current')), -- current: only what the endpoint subscribes to now
  since timestamptz not null, -- when the event was accepted, inclusive
  until timestamptz not null, -- exclusive

  status text not null check (status in ('counting', 'running', 'paused', 'done', 'cancelled', 'failed')),
  error text, -- why it failed
  matched bigint, -- null: not counted yet
  -- first existing deliveries, then events without one, then it waits for the results
  phase text not null check (phase in ('deliveries', 'events', 'results')),
  cursor uuid not null, -- of the phase: all up to this delivery or event were handled
  replayed bigint not null default 0,
  succeeded bigint not null default 0,
  failed bigint not null default 0,
  waiting bigint not null default 0, -- without a result when the job ended

  per_second float8 not null,
  ideal_at timestamptz, -- when the next one is due at this pace; earlier than now: it catches up
  last_due_at timestamptz, -- when the last one was due
  rate float8, -- replayed per second, measured over the last seconds
  rate_from timestamptz,
  rate_rows bigint, -- `replayed` at rate_from
  -- The workflows of its dead letters are signalled one after the other, up to this time: their marks (unsignalled_since)
  -- lie ahead.
  signals_until timestamptz,

  created_by text not null, -- id of the API key or portal link; bootstrap: the key from the configuration
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  progressed_at timestamptz not null default now(), -- the last page, or the last result that was counted
  driven_at timestamptz not null default now(), -- a worker was at it; an open job that was not for long is started again
  unsignalled_since timestamptz -- a change that its workflow was not signalled of; null: it was
);
create index replays_of_tenant on replays (tenant_id, id);
create index replays_open on replays (driven_at) where status in ('counting', 'running');
create index replays_unsignalled on replays (unsignalled_since) where unsignalled_since is not null;
create index replays_ended on replays (ended_at) where ended_at is not null;
select open_to_tenants('replays', 'select', 'tenant_id = current_tenant()');

-- The deliveries that jobs have replayed and whose result they have not counted yet.
create table replay_rows (
  replay_id uuid not null,
  delivery_id uuid not null,
  primary key (replay_id, delivery_id)
);

-- Those of these events that may get deliveries without a replay: they are in the outbox, or their dispatch is not planned.
-- Both tables are closed to tenants. A tenant learns only whether an event, whose internal id it knows, is under way.
create function events_under_way(events uuid[]) returns setof uuid
  language sql stable security definer as $$
  select o.event_id from outbox o where o.event_id = any(events)
  union
  select v.id from dispatches d cross join lateral unnest(d.event_ids) as v (id)
  where d.done_at is null and v.id = any(events)
$$;
do $$
begin
  -- it runs with its owner's rights, so it must find its own tables and never temporary tables of its caller
  execute format('alter function events_under_way set search_path = %I, pg_temp', current_schema());
end
$$;
