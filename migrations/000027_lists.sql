-- Lists by event type (docs/decisions/0058): which blocks of pages of a day may hold a type at all, a type of a tenant, and a type
-- of an endpoint. BRIN with bloom filters: 3 bytes for each delivery, and an insert into the last block writes nothing.
-- A pair is stored as one hash: a tenant with much of everything has no block without it, and a common type neither.
-- On the parents only, and so on every later day at once. The chore `partition-indexes` builds those of earlier days
-- concurrently, one by one; until then, their pages are read.

-- safe: on only
create index deliveries_by_type on only deliveries using brin (
  event_type text_bloom_ops (n_distinct_per_range = 200),
  (uuid_hash_extended(tenant_id, hashtextextended(event_type, 0))) int8_bloom_ops (n_distinct_per_range = 1000),
  (uuid_hash_extended(endpoint_id, hashtextextended(event_type, 0))) int8_bloom_ops (n_distinct_per_range = 1200)
) with (pages_per_range = 32, autosummarize = on);

-- safe: on only
create index events_by_type on only events using brin (
  type text_bloom_ops (n_distinct_per_range = 200),
  (uuid_hash_extended(tenant_id, hashtextextended(type, 0))) int8_bloom_ops (n_distinct_per_range = 1000)
) with (pages_per_range = 32, autosummarize = on);

-- The ids of deliveries of a type from `lowest` on and below `below`, the newest first. With the rights of its owner: under the
-- policies PostgreSQL would not look a hash up. A caller that is bound to a tenant gets ids of no other tenant, whatever the
-- arguments are.
create function deliveries_of_type(
  of_type text, of_tenant uuid, of_endpoint uuid, in_statuses text[], lowest uuid, below uuid, most int
) returns setof uuid language plpgsql stable security definer
  set enable_seqscan = off set enable_indexscan = off set enable_indexonlyscan = off set jit = off as $$
declare
  theirs uuid := coalesce(nullif(current_setting('posthorn.tenant', true), '')::uuid, of_tenant);
begin
  -- `execute`, so that it is planned with these very bounds, and with the one hash that is asked for. `offset 0` keeps the other
  -- conditions from indexes that would read all rows of a large tenant.
  return query execute
    'select id from (select id, tenant_id, endpoint_id, event_type, status from deliveries where id >= $1 and id < $2 and '
    || case
      when of_endpoint is not null then 'uuid_hash_extended(endpoint_id, hashtextextended(event_type, 0)) = uuid_hash_extended($4, hashtextextended($3, 0))'
      when theirs is not null then 'uuid_hash_extended(tenant_id, hashtextextended(event_type, 0)) = uuid_hash_extended($5, hashtextextended($3, 0))'
      else 'event_type = $3'
    end
    || ' offset 0) hit where event_type = $3 and ($4 is null or endpoint_id = $4) and ($5 is null or tenant_id = $5) and ($6 is null or status = any($6))'
    || ' order by id desc limit $7'
    using lowest, below, of_type, of_endpoint, theirs, in_statuses, most;
end
$$;

-- The same for events.
create function events_of_type(of_type text, of_tenant uuid, lowest uuid, below uuid, most int)
  returns setof uuid language plpgsql stable security definer
  set enable_seqscan = off set enable_indexscan = off set enable_indexonlyscan = off set jit = off as $$
declare
  theirs uuid := coalesce(nullif(current_setting('posthorn.tenant', true), '')::uuid, of_tenant);
begin
  return query execute
    'select id from (select id, tenant_id, type from events where id >= $1 and id < $2 and '
    || case
      when theirs is null then 'type = $3'
      else 'uuid_hash_extended(tenant_id, hashtextextended(type, 0)) = uuid_hash_extended($4, hashtextextended($3, 0))'
    end
    || ' offset 0) hit where type = $3 and ($4 is null or tenant_id = $4) order by id desc limit $5'
    using lowest, below, of_type, theirs, most;
end
$$;

do $$
begin
  -- they run with their owner's rights, so they must find their own tables and never temporary tables of their caller
  execute format('alter function deliveries_of_type set search_path = %I, pg_temp', current_schema());
  execute format('alter function events_of_type set search_path = %I, pg_temp', current_schema());
end
$$;
