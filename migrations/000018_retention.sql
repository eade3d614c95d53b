-- Retention (docs/retention.md): days past POSTHORN_RETENTION_DAYS are dropped, and a tenant may have payloads erased
-- earlier.

alter table tenants
  add column payload_days int, -- payloads are erased after so many days; null: they stay as long as their events
  add column payloads_erased_to uuid; -- the last event of the tenant that the erasure has looked at
create index tenants_with_payload_days on tenants (id) where payload_days is not null;
do $$
begin
  execute format('grant update (payload_days) on tenants to %I', tenant_role());
end
$$;

-- Scheduled events that the erasure has passed: their days count from the time for which they were scheduled.
create table payloads_to_erase (
  event_id uuid primary key,
  tenant_id uuid not null,
  deliver_at timestamptz not null
);
create index payloads_to_erase_of_tenant on payloads_to_erase (tenant_id, deliver_at);

-- The partitions of the days before this one, the oldest first. `detached`: a plain table, perhaps left by a process
-- that ended. `detaching`: left half detached.
create function partitions_before(first_kept date) returns table (parent text, day date, state text)
  language sql stable as $$
  select p.parent, to_date(right(c.relname, 8), 'YYYYMMDD'),
    case when i.inhrelid is null then 'detached' when i.inhdetachpending then 'detaching' else 'attached' end
  from unnest(array['events', 'deliveries', 'attempts']) as p (parent)
  join pg_class c on c.relkind = 'r' and c.relname ~ ('^' || p.parent || '_[0-9]{8}$')
    and c.relnamespace = (select relnamespace from pg_class where oid = to_regclass(p.parent))
  left join pg_inherits i on i.inhrelid = c.oid
  where right(c.relname, 8) < to_char(first_kept, 'YYYYMMDD')
  order by 2, 1
$$;
