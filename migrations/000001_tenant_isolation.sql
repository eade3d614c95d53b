-- Tenant isolation by PostgreSQL (docs/decisions/0014-tenant-isolation.md): the role that requests of one tenant use.
--
-- A request whose API key or portal link is bound to a tenant runs as this role. Row-level security shows the role only
-- the rows of the tenant in the setting posthorn.tenant, which is set for one transaction at a time. The owner of the
-- tables (the delivery path, and keys for all tenants) is not restricted.
--
-- A table is closed to the role until its migration calls open_to_tenants. Partitions have no rights of their own: they
-- are read through their parents only.

-- Creates the role, or explains which command an administrator has to run. The role is named after the owner of the
-- tables, because roles belong to the whole cluster: who may act as this role could read the rows of any tenant in
-- every database where it has rights. Databases of one owner share the role, databases of different owners do not.
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
    -- another database of this owner has created it, earlier or at this moment
    when duplicate_object or unique_violation then null;
    when insufficient_privilege then null;
  end;
  select * into found from pg_roles where rolname = tenants;
  if found.oid is null then
    raise exception
      'the role "%" is missing, and "%" may not create roles: have an administrator run: create role % nologin; %',
      tenants, session_user, quote_ident(tenants), grant_it;
  end if;
  if found.rolsuper or found.rolbypassrls or found.rolcanlogin
    or exists (select from pg_auth_members where member = found.oid)
  then
    raise exception
      'the role "%" has too many rights: it must have no login and no other roles, and not bypass row-level security',
      tenants;
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
        raise exception '"%" may not act as the role "%": have an administrator run: %',
          session_user, tenants, grant_it;
    end;
  end;
  execute format('create function tenant_role() returns text language sql immutable as %L',
    format('select %L::text', tenants));
  execute format('grant usage on schema %I to %I', current_schema(), tenants);
end
$$;

-- The tenant of this transaction. Raises an error if none is set, so that nothing is read by accident.
create function current_tenant() returns uuid language sql stable as $$
  select current_setting('posthorn.tenant')::uuid
$$;

-- Gives the tenant role these rights to the rows of a table that belong to the tenant. `theirs`: an SQL condition.
create function open_to_tenants(opened regclass, rights text, theirs text) returns void language plpgsql as $$
begin
  execute format('alter table %s enable row level security', opened);
  execute format('create policy of_tenant on %s to %I using (%s)', opened, tenant_role(), theirs);
  execute format('grant %s on %s to %I', rights, opened, tenant_role());
end
$$;
