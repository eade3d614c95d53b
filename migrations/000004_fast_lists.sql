-- Lists stay fast with millions of deliveries (docs/decisions/0007).
-- What did not succeed is rare and is what people look for: these indexes find it by status in every list. A delivery that succeeds at its first attempt is
-- inserted as succeeded and never enters them. They also serve resume and cancel, which look for an endpoint's unfinished deliveries.
-- first_event and last_event tell which dispatches may cover an event without reading their arrays, which PostgreSQL stores out of line.

create index deliveries_by_status on deliveries (status, id) where status <> 'succeeded';
create index deliveries_of_tenant_by_status on deliveries (tenant_id, status, id) where status <> 'succeeded';
create index deliveries_of_endpoint_by_status on deliveries (endpoint_id, status, id) where status <> 'succeeded';

alter table dispatches
  add column first_event uuid generated always as (event_ids[1]) stored,
  add column last_event uuid generated always as (event_ids[cardinality(event_ids)]) stored;
