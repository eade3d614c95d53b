-- First attempts ahead of their dispatch. A relay plans from a cache of a tenant's endpoints: `endpoints_version` is bumped in the transaction of every
-- change to them, so an accept statement that returns it says, consistently with its own snapshot, whether the cache still holds.
-- A delivery accepted at its first attempt never has a workflow of its own: `own_workflow` says so.

alter table tenants add column endpoints_version bigint not null default 1;

create function bump_endpoints_version() returns trigger language plpgsql as $$
begin
  update tenants set endpoints_version = endpoints_version + 1 where id = new.tenant_id;
  return null;
end
$$;
create trigger endpoints_changed after insert or update on endpoints for each row execute function bump_endpoints_version();

create function bump_endpoints_version_of_secret() returns trigger language plpgsql as $$
begin
  update tenants t set endpoints_version = endpoints_version + 1 from endpoints p where p.id = new.endpoint_id and t.id = p.tenant_id;
  return null;
end
$$;
create trigger endpoint_secrets_changed after insert or update on endpoint_secrets for each row execute function bump_endpoints_version_of_secret();

alter table deliveries add column own_workflow boolean not null default true;
