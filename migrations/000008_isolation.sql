-- Tenants are kept apart by PostgreSQL too (docs/decisions/0014): what a key or link that is bound to one tenant asks for runs as a role that sees the rows of that
-- tenant alone, named by the setting posthorn.tenant, which is set for one transaction at a time. Whoever owns the tables - the delivery path, and keys for all
-- tenants - is no subject of the policies.
--
-- The role is named after the owner of the tables: roles belong to the whole cluster, and whoever may become this one could read, in any database where it
-- has rights, what belongs to any tenant. So databases of one owner share it, and those of different owners do not.
-- A table is closed to it until a migration calls open_to_tenants. Partitions have no rights of their own: they are read through their parents only.

do $$
declare
  tenants name := left('posthorn_tenant_of_' || current_user, 63)::name;
  own text := current_setting('role');
  grant_it text := format('grant %I to %I', tenants, session_user);
  found pg_roles;
begin
  begin
    execute format('create role %I nologin', tenants);
  exception
    -- by another database of this owner, before or at this moment
    when duplicate_object or unique_violation then null;
    when insufficient_privilege then null;
  end;
  select * into found from pg_roles where rolname = tenants;
  if found.oid is null then
    raise exception 'the role "%" is missing, and "%" may not create roles: have an administrator run: create role % nologin; %',
      tenants, session_user, quote_ident(tenants), grant_it;
  end if;
  if found.rolsuper or found.rolbypassrls or found.rolcanlogin or exists (select from pg_auth_members where member = found.oid) then
    raise exception 'the role "%" exists and may more than it should: it must have no login, no rights of other roles, and not bypass row-level security', tenants;
  end if;
  begin
    perform set_config('role', tenants, true);
    perform set_config('role', own, true);
  exception when insufficient_privilege then
    begin
      execute grant_it;
      perform set_config('role', tenants, true);
      perform set_config('role', own, true);
    exception
      when unique_violation then null;
      when insufficient_privilege then
        raise exception '"%" may not act as the role "%": have an administrator run: %', session_user, tenants, grant_it;
    end;
  end;
  execute format('create function tenant_role() returns text language sql immutable as %L', format('select %L::text', tenants));
  execute format('grant usage on schema %I to %I', current_schema(), tenants);
  execute format('grant usage on sequence config_version to %I', tenants);
end
$$;

-- An error where none is set: nothing is read by accident.
create function current_tenant() returns uuid language sql stable as $$ select current_setting('posthorn.tenant')::uuid $$;

-- Gives tenants these rights to those rows of a table that are theirs.
create function open_to_tenants(opened regclass, rights text, theirs text) returns void language plpgsql as $$
begin
  execute format('alter table %s enable row level security', opened);
  execute format('create policy of_tenant on %s to %I using (%s)', opened, tenant_role(), theirs);
  execute format('grant %s on %s to %I', rights, opened, tenant_role());
end
$$;

select open_to_tenants('tenants', 'select, update (name, metadata, rate_limit, endpoints_version, orders, updated_at, deleted_at)', 'id = current_tenant()');
select open_to_tenants('endpoints', 'select, insert, update', 'tenant_id = current_tenant()');
select open_to_tenants('events', 'select', 'tenant_id = current_tenant()');
select open_to_tenants('event_ids', 'select', 'tenant_id = current_tenant()');
select open_to_tenants('deliveries', 'select, update', 'tenant_id = current_tenant()');
select open_to_tenants('lanes', 'select', 'tenant_id = current_tenant()');
select open_to_tenants('alerts', 'select', 'tenant_id = current_tenant()');
select open_to_tenants('api_keys', 'select, insert, update (hash, prefix, revoked_at)', 'tenant_id = current_tenant()');
select open_to_tenants('portal_links', 'select, insert, update (revoked_at)', 'tenant_id = current_tenant()');

-- what has no tenant of its own belongs to whom its endpoint or delivery belongs: these tables are read under their policies
select open_to_tenants('attempts', 'select', 'exists (select from deliveries d where d.id = delivery_id)');
select open_to_tenants('lane_sequences', 'select', 'exists (select from endpoints p where p.id = endpoint_id)');

-- volatile: it sees the endpoint that the same statement has made
create function sees_endpoint(wanted uuid) returns boolean language plpgsql volatile as $$
begin
  return exists (select from endpoints where id = wanted);
end
$$;
select open_to_tenants('endpoint_secrets', 'select, insert, update', 'sees_endpoint(endpoint_id)');

-- Dispatches hold events of many tenants: of them one learns the id of the dispatch that covers an event whose id one knows.
-- A dispatch is made shortly after its events, so it is among the first whose ids are not older than theirs. Its first and last event stand in its row;
-- its array lies elsewhere and is read only where they say that it may be the one. An event in the outbox has none, and of one that is older
-- than all the oldest dispatches cover nothing is known any more.
create function covering_dispatches(events uuid[]) returns table (event_id uuid, dispatch_id uuid) language sql stable security definer as $$
  select v.id, (
    select p.id from (
      select id, first_event, last_event, event_ids from dispatches
      where id >= (left(v.id::text, 13) || '-0000-0000-000000000000')::uuid order by id limit 500
    ) p
    where p.first_event <= v.id and p.last_event >= v.id and p.event_ids @> array[v.id] limit 1
  )
  from unnest(events) as v (id)
  where not exists (select from outbox o where o.event_id = v.id)
    and v.id >= (select first_event from (select first_event from dispatches order by id limit 500) oldest order by first_event limit 1)
$$;

-- The next attempts by time, so many at most, whosever they are: under the policies each statement would read on until it has found so many of one tenant.
-- Told are those of the tenant, or of the endpoint; of the others only how many there were and where the last one stands, in each row, and in one without an attempt
-- when there is none. Who is bound to a tenant gets no other's, whatever it asks for.
create function attempts_seen(since timestamptz, behind uuid, below timestamptz, of_tenant uuid, of_endpoint uuid, most int)
  returns table (seen int, last_at text, last_id uuid, delivery_id uuid, id uuid) language plpgsql stable security definer as $$
declare
  theirs uuid := coalesce(nullif(current_setting('posthorn.tenant', true), '')::uuid, of_tenant);
begin
  -- planned with these very times
  return query execute $q$
    with scanned as materialized (
      select a.id, a.delivery_id, a.started_at from attempts a
      where a.started_at >= $1 and a.started_at < $3 and (a.started_at, a.id) > ($1, $2) order by a.started_at, a.id limit $6
    ), last as (
      select s.id, to_char(s.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at from scanned s order by s.started_at desc, s.id desc limit 1
    ), told as (
      select s.id, s.delivery_id from scanned s
      -- no `exists`, which PostgreSQL may answer by reading all deliveries there are
      where ($4 is null and $5 is null)
        or (select ($4 is null or d.tenant_id = $4) and ($5 is null or d.endpoint_id = $5) from deliveries d where d.id = s.delivery_id)
    )
    select (select count(*)::int from scanned), (select l.at from last l), (select l.id from last l), t.delivery_id, t.id from (select) one left join told t on true
  $q$ using since, behind, below, theirs, of_endpoint, most;
end
$$;

do $$
begin
  -- what runs with its owner's rights finds its tables where they are now, and in no temporary ones of its caller
  execute format('alter function covering_dispatches set search_path = %I, pg_temp', current_schema());
  execute format('alter function attempts_seen set search_path = %I, pg_temp', current_schema());
end
$$;
