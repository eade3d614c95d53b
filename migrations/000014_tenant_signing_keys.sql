-- Every tenant signs with key pairs of its own. One pair for all tenants let one tenant have a request signed that another tenant's receiver accepts:
-- a test event with a body of its choice, sent on (docs/decisions/0016). Nothing was released with such keys, so they are deleted.
delete from signing_keys where tenant_id is null;
alter table signing_keys alter column tenant_id set not null;

-- The version at which a key was made or changed last. A process reads once a second which tenants' keys have changed since, and reads those alone again:
-- a tenant's first key pair costs the keys of the others nothing. The counter is one row, locked until its writer has committed, so versions are
-- committed in their order and a reader misses none.
alter table signing_keys add column version bigint not null default 0;
create index signing_keys_by_version on signing_keys (version);

-- Before the statement, so that every writer locks the counter before any key.
drop trigger signing_keys_changed on signing_keys;
drop function bump_signing_keys_version();
create function bump_signing_keys_version() returns trigger language plpgsql as $$
begin
  update signing_keys_version set version = version + 1;
  return null;
end
$$;
create trigger signing_keys_change before insert or update on signing_keys for each statement execute function bump_signing_keys_version();

create function set_signing_key_version() returns trigger language plpgsql as $$
begin
  select version into new.version from signing_keys_version;
  return new;
end
$$;
create trigger signing_key_changes before insert or update on signing_keys for each row execute function set_signing_key_version();

-- For an endpoint that is signed with a key pair: the public keys of its tenant that sign now or will, the newest first. Null for any other.
create or replace function public_keys_of(p endpoints) returns text[] language sql stable as $$
  select case when p.signing -> 'schemes' ? 'v1a' or p.signing #>> '{messageSignatures,algorithm}' = 'ed25519' then array(
    select 'whpk_' || encode(k.public_key, 'base64')
    from signing_keys k
    where k.tenant_id = p.tenant_id and (k.signs_until is null or k.signs_until > now())
    order by k.signs_from desc, k.id desc
  ) end
$$;

-- Tenants see their own public keys.
drop policy of_tenant on signing_keys;
select open_to_tenants('signing_keys', 'select (id, tenant_id, public_key, published_at, signs_from, alone_from, signs_until, published_until)',
  'tenant_id = current_tenant()');
