-- Daily partitions of events, deliveries and attempts. src/db/store/partitions.ts calls these functions at the start
-- and every day.

-- The lowest UUIDv7 of a day in UTC.
create function first_uuid_of(day date) returns uuid language sql immutable as $$
  select (lpad(to_hex((extract(epoch from day::timestamp) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

-- The partitions that are missing, from yesterday to this many days ahead.
create function missing_partitions(days_ahead int) returns table (parent text, day date) language sql stable as $$
  select p.parent, d.day::date
  from unnest(array['events', 'deliveries', 'attempts']) as p (parent),
    generate_series(
      (now() at time zone 'utc')::date - 1, (now() at time zone 'utc')::date + days_ahead, interval '1 day'
    ) as d (day)
  where to_regclass(p.parent || '_' || to_char(d.day, 'YYYYMMDD')) is null
  order by d.day, p.parent
$$;

-- Creates one partition, unless it exists. It attaches a finished table, because `create table … partition of` would
-- block readers and writers. The check constraint spares PostgreSQL a scan of the rows. Waits at most 2 s for locks.
create function make_partition(parent text, day date) returns void language plpgsql set lock_timeout = '2s' as $$
declare
  partition text := parent || '_' || to_char(day, 'YYYYMMDD');
  key text := case parent when 'attempts' then 'delivery_id' else 'id' end;
begin
  perform pg_advisory_xact_lock(hashtext('posthorn.partitions'));
  if to_regclass(partition) is not null then return; end if;
  execute format('create table %I (like %I including all)', partition, parent);
  execute format('alter table %I add constraint of_its_day check (%I >= %L and %I < %L)',
    partition, key, first_uuid_of(day), key, first_uuid_of(day + 1));
  execute format('alter table %I attach partition %I for values from (%L) to (%L)',
    parent, partition, first_uuid_of(day), first_uuid_of(day + 1));
  execute format('alter table %I drop constraint of_its_day', partition);
end
$$;
