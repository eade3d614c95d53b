-- Converters between the versions of an event type, and endpoints that pin a version (docs/versions.md).

create table event_type_converters (
  type_id uuid not null references event_types on delete cascade,
  from_version int not null,
  to_version int not null,
  steps json not null, -- json, not jsonb: numbers stay as they were written
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (type_id, from_version, to_version)
);
select open_to_tenants('event_type_converters', 'select', 'exists (select from event_types t where t.id = type_id)');

-- The event types whose version the shape pins: when a converter of them changes, its endpoint gets another shape.
alter table shapes add column pinned text[] not null default '{}';
create index shapes_pinning on shapes using gin (pinned) where replaced_at is null;
