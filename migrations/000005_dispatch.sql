-- From acceptance to delivery: the outbox, the relays that read it, and the dispatches that guard events until each
-- delivery has a row, and a workflow where it needs one.

-- Accepted events that no dispatch guards yet.
create table outbox (
  event_id uuid primary key,
  tenant_id uuid not null,
  owner uuid, -- the relay that leases the row; null: any relay may take it
  accepted_at timestamptz not null default now()
) with (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 2000); -- short-lived rows: vacuum often
-- Each relay looks once a second for rows without an owner and for rows of dead relays. Without these indexes it would
-- read the whole outbox: with 100,000 waiting events and four relays that kept most of a core busy.
-- A relay goes from tenant to tenant, so the rows of a tenant of which it holds enough cost it one index probe.
create index outbox_unowned on outbox (tenant_id, event_id) where owner is null;
-- A relay's own rows, oldest first, and the distinct owners.
create index outbox_owned on outbox (owner, event_id) where owner is not null;

-- Running relays, and the facts that each reports when it renews its lease, so that every API process can show all
-- workers.
create table relays (
  id uuid primary key,
  process text not null,
  host text, -- with pid and pid_started: which process it is, for others on the same host; null: not known
  pid int,
  pid_started text,
  started_at timestamptz not null default now(),
  seen timestamptz not null default now(), -- the last renewal of its lease
  mode text check (mode in ('individual', 'batched')), -- null until the first renewal, as `waiting`
  waiting int, -- events in its memory
  temporal_error text -- why it cannot use Temporal at the moment; null: it can
);

-- A dispatch guards one or more events. Dispatches that are done are kept for a week.
create table dispatches (
  id uuid primary key,
  event_ids uuid[] not null,
  -- tell whether a dispatch may contain an event without reading the array, which PostgreSQL stores outside the row
  first_event uuid generated always as (event_ids[1]) stored,
  last_event uuid generated always as (event_ids[cardinality(event_ids)]) stored,
  planned boolean not null default false, -- all its deliveries have rows
  created_at timestamptz not null default now(),
  done_at timestamptz -- equal to created_at: it never had a workflow, because its events were parked
);
create index dispatches_not_done on dispatches (created_at) where done_at is null;
create index dispatches_done on dispatches (done_at) where done_at is not null;

-- The dispatches that guard these events. Dispatches contain events of many tenants, so the tenant role cannot read
-- them: from this function it learns the id of the dispatch of an event whose id it knows, whether that has a workflow, and
-- nothing else.
-- A dispatch is created shortly after its events, so it is among the first 500 whose ids are not older than the event.
-- An event in the outbox has none. Nothing is known about an event that is older than the oldest dispatches.
create function covering_dispatches(events uuid[]) returns table (event_id uuid, dispatch_id uuid, has_workflow boolean)
  language sql stable security definer as $$
  select v.id, d.id, d.has_workflow
  from unnest(events) as v (id)
  cross join lateral (
    select p.id, p.done_at is distinct from p.created_at as has_workflow from (
      select id, first_event, last_event, event_ids, created_at, done_at from dispatches
      where id >= (left(v.id::text, 13) || '-0000-0000-000000000000')::uuid order by id limit 500
    ) p
    where p.first_event <= v.id and p.last_event >= v.id and p.event_ids @> array[v.id] limit 1
  ) d
  where not exists (select from outbox o where o.event_id = v.id)
    and v.id >= (
      select first_event from (select first_event from dispatches order by id limit 500) oldest
      order by first_event limit 1
    )
$$;
do $$
begin
  -- it runs with its owner's rights, so it must find its own tables and never temporary tables of its caller
  execute format('alter function covering_dispatches set search_path = %I, pg_temp', current_schema());
end
$$;
