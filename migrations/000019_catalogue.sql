-- The catalogue of event types (docs/catalogue.md). It belongs to the installation: tenants may read its public types.

create table event_types (
  id uuid primary key, -- for the order of lists
  name text not null unique,
  description text not null default '',
  group_name text,
  owner text,
  tags text[] not null default '{}',
  visibility text not null default 'public' check (visibility in ('public', 'internal')),
  -- what happens to an event that violates the schema of its version
  validation text not null default 'reject' check (validation in ('off', 'warn', 'reject')),
  deprecated_at timestamptz,
  sunset_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
select open_to_tenants('event_types', 'select', $$visibility = 'public'$$);

create table event_type_versions (
  type_id uuid not null references event_types on delete cascade,
  version int not null check (version > 0),
  -- JSON Schema 2020-12 of `data`; null: this version has none. json, not jsonb: keys keep their order.
  schema json,
  examples json not null default '[]', -- a list of values for `data`
  -- Every change takes the next number, so that a process knows whether its compiled schema is still the stored one.
  revision bigint not null default nextval('config_version'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (type_id, version)
);
select open_to_tenants('event_type_versions', 'select', 'exists (select from event_types t where t.id = type_id)');

-- Each API process keeps the catalogue in memory and reads it again when it is notified. The notification is sent with
-- the commit, once for a transaction.
create function notify_catalogue() returns trigger language plpgsql as $$
begin
  notify posthorn_catalogue;
  return null;
end
$$;
create trigger event_types_changed after insert or update or delete on event_types
  for each statement execute function notify_catalogue();
create trigger event_type_versions_changed after insert or update or delete on event_type_versions
  for each statement execute function notify_catalogue();
