-- Keys: which master key the database belongs to, the data keys that encrypt contents, and the key pairs of tenants.

-- Facts about the whole database, such as the fingerprint of the master key.
create table settings (
  name text primary key,
  value text not null
);

-- Data keys encrypt bodies and responses (docs/decisions/0018). The master key encrypts them, so a new master key means
-- as many rows to encrypt again as there are days, and not every body.
create table data_keys (
  name text primary key, -- content/<day>, or digest for keyed hashes
  sealed bytea not null
);

-- Key pairs (ed25519) of tenants, for endpoints that are signed with v1a or RFC 9421 (docs/decisions/0016). All times
-- of a rotation are written in advance: the public keys are published with them, and no process needs a notification.
create table signing_keys (
  id uuid primary key,
  tenant_id uuid not null references tenants,
  public_key bytea not null check (length(public_key) = 32),
  sealed bytea, -- the seed of the private key, encrypted by the master key; null once it is no longer published
  published_at timestamptz not null default now(),
  signs_from timestamptz not null default now(),
  alone_from timestamptz not null default now(), -- from then on the earlier keys do not sign any more
  signs_until timestamptz, -- null: until another key replaces it
  published_until timestamptz,
  version bigint not null -- signing_keys_version when it was last changed; set by a trigger
);
create index signing_keys_of_tenant on signing_keys (tenant_id);
create index signing_keys_by_version on signing_keys (version);
-- a tenant reads its public keys; Posthorn writes them as the owner of the table
select open_to_tenants('signing_keys',
  'select (id, tenant_id, public_key, published_at, signs_from, alone_from, signs_until, published_until)',
  'tenant_id = current_tenant()');

-- One row, which counts the changes of signing keys. Each process reads once a second which tenants' keys have changed
-- since its last look, and reads only those again. A writer locks the row until it has committed, so versions are
-- committed in order and no reader misses one.
create table signing_keys_version (version bigint not null);
insert into signing_keys_version values (1);

-- Before the statement, so that every writer locks the counter before any key.
create function bump_signing_keys_version() returns trigger language plpgsql as $$
begin
  update signing_keys_version set version = version + 1;
  return null;
end
$$;
create trigger signing_keys_change before insert or update on signing_keys
  for each statement execute function bump_signing_keys_version();

create function set_signing_key_version() returns trigger language plpgsql as $$
begin
  select version into new.version from signing_keys_version;
  return new;
end
$$;
create trigger signing_key_changes before insert or update on signing_keys
  for each row execute function set_signing_key_version();

-- The public keys that sign for an endpoint now or later, newest first. Null: it is not signed with a key pair.
create function public_keys_of(p endpoints) returns text[] language sql stable as $$
  select case
    when p.signing -> 'schemes' ? 'v1a' or p.signing #>> '{messageSignatures,algorithm}' = 'ed25519' then array(
      select 'whpk_' || encode(k.public_key, 'base64')
      from signing_keys k
      where k.tenant_id = p.tenant_id and (k.signs_until is null or k.signs_until > now())
      order by k.signs_from desc, k.id desc
    ) end
$$;
