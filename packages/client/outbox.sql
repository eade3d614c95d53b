-- Events that wait for `posthorn ingest outbox`. The relay deletes a row after Posthorn has committed its event.
create table "posthorn_outbox" (
  -- the order of events with the same ordering_key
  position bigint generated always as identity primary key,
  -- the event's id: the same id is the same event
  id text not null,
  -- null: the tenant that the relay is configured with
  tenant text,
  type text not null,
  -- json, not jsonb: the text is sent as it is
  data json not null,
  ordering_key text,
  -- other fields of the event: channels, version, subject, occurredAt, deliverAt, expiresAt, coalesceKey
  options json not null default '{}',
  created_at timestamptz not null default now(),
  -- Posthorn refused the event: when and why. Set both to null to try again.
  refused_at timestamptz,
  refusal text
);

create index "posthorn_outbox_waiting" on "posthorn_outbox" (position) where refused_at is null;

-- Wakes the relay, which otherwise looks every 5 seconds. Leave the function and the trigger out if your database
-- commits thousands of transactions a second: PostgreSQL commits those with a notification one after the other.
create function "posthorn_outbox_notify"() returns trigger language plpgsql as $$
begin
  notify posthorn_producer;
  return null;
end $$;

create trigger "posthorn_outbox_notify" after insert on "posthorn_outbox" for each statement execute function "posthorn_outbox_notify"();
