-- Shapes: how the body of an event is changed for an endpoint (docs/transforms.md). A delivery is bound to one when it is
-- planned, so that every attempt, retry and replay sends the same bytes (docs/decisions/0052).

-- Never changed: the id is a keyed hash of the endpoint and the content, so another content is another row.
create table shapes (
  id uuid primary key,
  endpoint_id uuid not null references endpoints,
  sealed bytea not null, -- encrypted by the master key: a transform may hold a key of the receiver
  is_whole boolean not null, -- makes the whole body, so its deliveries are never sent in a batch
  created_at timestamptz not null default now(),
  -- Since when the endpoint has another shape, or none. Only deliveries of events that were accepted before refer to it,
  -- so upkeep deletes it when all events are younger.
  replaced_at timestamptz
);
create index shapes_of_endpoint on shapes (endpoint_id);
select open_to_tenants('shapes', 'select, insert, update (replaced_at)', 'sees_endpoint(endpoint_id)');

-- The shape of the deliveries that are planned now; null: bodies are sent as they were accepted.
alter table endpoints add column shape_id uuid;

-- Null: bound to no shape.
alter table deliveries add column shape_id uuid;
