-- A filter of an endpoint: conditions on the content of events (docs/filters.md). JSON as text, because PostgreSQL and
-- JavaScript would write its numbers in other ways.
alter table endpoints add column filter text;

-- An explanation needs the filter as it was when the event was accepted, too.
alter table endpoint_history add column filter text;

create or replace function keep_endpoint_history() returns trigger language plpgsql security definer set search_path from current as $$
begin
  insert into endpoint_history (endpoint_id, until, event_types, channels, gate, gate_reason, filter)
  values (old.id, clock_timestamp(), old.event_types, old.channels, old.gate, old.gate_reason, old.filter);
  return null;
end
$$;
drop trigger keep_endpoint_history on endpoints;
create trigger keep_endpoint_history after update of event_types, channels, filter, gate, gate_reason on endpoints
  for each row when (
    (old.event_types, old.channels, old.filter, old.gate, old.gate_reason)
      is distinct from (new.event_types, new.channels, new.filter, new.gate, new.gate_reason)
  ) execute function keep_endpoint_history();
