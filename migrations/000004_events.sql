-- Events: what producers posted, and what was asked to be erased.
--
-- events, deliveries and attempts are partitioned by day, and the day is in the id: the UUIDv7s of one day lie between
-- two midnights, and a delivery's id carries the time of its event (src/domain/ids.ts). So the primary key alone tells
-- the partition of a row.
-- Text from outside that PostgreSQL could refuse (a NUL, invalid UTF-8) is stored as bytea.

-- The order of events. A scheduled delivery takes its position when it falls due.
create sequence event_position;

create table events (
  id uuid not null,
  tenant_id uuid not null,
  external_id text not null, -- the producer's id
  type text not null,
  channels text[] not null,

  body bytea not null, -- encrypted with a key of its day (docs/decisions/0018); empty once erased
  body_timestamp text not null, -- the `timestamp` in the body
  subject_hash bytea, -- keyed hash of the person or thing the event is about

  ordering_key text,
  coalesce_key text,
  version int, -- of the event type
  deliver_at timestamptz,
  expires_at timestamptz,
  only_endpoint_id uuid, -- an event that tests this endpoint; it is for no other

  position bigint not null,
  accepted_at timestamptz not null,
  erased_at timestamptz,
  -- A process that had the event in memory may write something of it after the erasure. So upkeep erases it again,
  -- until nothing can be written any more, and then sets this column.
  erased_again_at timestamptz,
  primary key (id)
) partition by range (id);
create index events_of_tenant on events (tenant_id, id);
create index events_of_subject on events (tenant_id, subject_hash, id) where subject_hash is not null;
create index events_erased on events (erased_at) where erased_at is not null;
-- a tenant may erase its own events
select open_to_tenants('events', 'select, update (body, subject_hash, erased_at)', 'tenant_id = current_tenant()');

-- The producer's ids, unique within a tenant. The hash tells a repeated event from another one with the same id.
create table event_ids (
  tenant_id uuid not null,
  external_id text not null,
  event_id uuid not null,
  content_hash bytea not null, -- keyed
  primary key (tenant_id, external_id)
);
select open_to_tenants('event_ids', 'select', 'tenant_id = current_tenant()');

-- Requests to erase all events about a subject that are not finished. A repeated request, or upkeep, continues them.
create table erasures (
  tenant_id uuid not null,
  subject_hash bytea not null,
  asked_at timestamptz not null default now(),
  primary key (tenant_id, subject_hash)
);
select open_to_tenants('erasures', 'select, insert, update, delete', 'tenant_id = current_tenant()');
