-- For consumers and the people who help them: what an endpoint missed (docs/missed.md), why it did or did not get an event
-- (docs/explain.md), and the recall of an event.

-- Missed deliveries are numbered when a reader first sees them (docs/decisions/0044).
alter table deliveries
  add column missed_number bigint, -- its place in the list of what its endpoint missed; null: no reader has seen it there
  add column taken_at timestamptz; -- when the consumer acknowledged it there: then it has succeeded without a request
-- What is to get a number. A delivery that is accepted at its first attempt never enters it.
create index deliveries_unnumbered on deliveries (endpoint_id, id)
  where missed_number is null and status in ('retrying', 'held', 'dead_lettered', 'quarantined', 'expired');

-- A delivery that leaves the list and comes back gets a new number: readers may have passed the old one while it was
-- not listed.
create function forget_missed_number() returns trigger language plpgsql as $$
begin
  new.missed_number := null;
  new.taken_at := null;
  return new;
end
$$;
create trigger forget_missed_number before update of status on deliveries
  for each row when (
    old.missed_number is not null and new.status <> old.status and (new.status = 'pending' or old.status = 'succeeded')
  ) execute function forget_missed_number();

-- The list of each endpoint that anybody has read.
create table missed_lists (
  endpoint_id uuid primary key,
  tenant_id uuid not null,
  last bigint not null default 0, -- the last number given
  acked bigint not null default 0, -- everything up to this number was acknowledged
  acked_at timestamptz,
  scanned_at timestamptz -- when all days were searched for what is to get a number; null: never yet
);
select open_to_tenants('missed_lists', 'select', 'tenant_id = current_tenant()');

-- The numbers given, so that a page is found without a look at every day. Readers delete the rows of deliveries that have
-- left the list. Closed to tenants: the API reads it for them, when it has checked whose the endpoint is.
create table missed_deliveries (
  endpoint_id uuid not null,
  number bigint not null,
  delivery_id uuid not null,
  primary key (endpoint_id, number)
);

-- What an endpoint subscribed to, and its gate, before each change of these: an explanation needs them as they were when
-- the event was accepted. Upkeep deletes them when all events are younger.
create table endpoint_history (
  endpoint_id uuid not null references endpoints,
  until timestamptz not null,
  event_types text[] not null,
  channels text[] not null,
  gate text not null,
  gate_reason text
);
create index endpoint_history_of_endpoint on endpoint_history (endpoint_id, until);
create index endpoint_history_by_time on endpoint_history (until);
select open_to_tenants('endpoint_history', 'select', 'exists (select from endpoints p where p.id = endpoint_id)');

-- A security definer, because a caller of one tenant may change its endpoints, but not their history.
create function keep_endpoint_history() returns trigger language plpgsql security definer set search_path from current as $$
begin
  insert into endpoint_history (endpoint_id, until, event_types, channels, gate, gate_reason)
  values (old.id, clock_timestamp(), old.event_types, old.channels, old.gate, old.gate_reason);
  return null;
end
$$;
create trigger keep_endpoint_history after update of event_types, channels, gate, gate_reason on endpoints
  for each row when (
    (old.event_types, old.channels, old.gate, old.gate_reason)
      is distinct from (new.event_types, new.channels, new.gate, new.gate_reason)
  ) execute function keep_endpoint_history();

-- Whether an event waits for its deliveries: it has no dispatch yet, or one that is not planned. The tenant role cannot
-- read these tables; it learns nothing else.
create function waits_for_plan(event uuid) returns boolean language sql stable security definer set search_path from current as $$
  select exists (select from outbox o where o.event_id = event)
    or exists (select from dispatches d where d.done_at is null and not d.planned and event = any(d.event_ids))
$$;

-- A recalled event is not sent any more (docs/decisions/0045).
alter table events add column recalled_at timestamptz;

-- Events that were recalled lately. A relay may hold them in memory, so the workers read this list each second.
create table recalls (
  event_id uuid primary key,
  until timestamptz not null -- no process can hold the event in memory after that
);
create index recalls_by_time on recalls (until);
