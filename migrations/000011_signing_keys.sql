-- Key pairs (ed25519) that sign for endpoints with v1a or RFC 9421: those of the platform, which sign for every tenant, and those of a tenant, which
-- take their place. When a key begins and ends is written down before: the public keys are published with these dates, and no process needs to be
-- told when to change. The private key is a seed, sealed under the key's id; it is gone when the key is out of sight.
create table signing_keys (
  id uuid primary key,
  tenant_id uuid references tenants, -- null: of the platform
  public_key bytea not null check (length(public_key) = 32),
  sealed bytea,
  published_at timestamptz not null default now(),
  signs_from timestamptz not null default now(),
  -- the keys before it have ended: it signs alone
  alone_from timestamptz not null default now(),
  -- null: until another takes its place
  signs_until timestamptz,
  published_until timestamptz
);
create index signing_keys_of_tenant on signing_keys (tenant_id);

-- By this one number a process knows, once a second, that the keys it holds are those there are.
create table signing_keys_version (version bigint not null);
insert into signing_keys_version values (1);

create function bump_signing_keys_version() returns trigger language plpgsql as $$
begin
  update signing_keys_version set version = version + 1;
  return null;
end
$$;
create trigger signing_keys_changed after insert or update or delete on signing_keys for each statement execute function bump_signing_keys_version();

-- For an endpoint that is signed with a key pair: the public keys that sign for it now or will, the newest first. Null for any other.
create function public_keys_of(p endpoints) returns text[] language sql stable as $$
  select case when p.signing -> 'schemes' ? 'v1a' or p.signing #>> '{messageSignatures,algorithm}' = 'ed25519' then array(
    select 'whpk_' || encode(k.public_key, 'base64')
    from signing_keys k
    where (k.tenant_id = p.tenant_id or k.tenant_id is null and not exists (
        select from signing_keys own
        where own.tenant_id = p.tenant_id and own.alone_from <= now() and (own.signs_until is null or own.signs_until > now())
      ))
      and (k.signs_until is null or k.signs_until > now())
    order by k.signs_from desc, k.id desc
  ) end
$$;

-- Tenants see their own public keys and the platform's; they are written in the store's own name.
select open_to_tenants('signing_keys', 'select (id, tenant_id, public_key, published_at, signs_from, alone_from, signs_until, published_until)',
  'tenant_id is null or tenant_id = current_tenant()');
