-- Sessions of people who signed in (docs/sign-in.md): with an API key, with the bootstrap key, or through an OpenID
-- Connect provider. Like API keys: 256 random bits, of which only the hash is stored. A row is deleted 30 days after its
-- end.
create table sessions (
  id uuid primary key,
  hash bytea not null unique, -- SHA-256 of the token
  key_id uuid references api_keys, -- the session ends with this key; null: the bootstrap key, or a person
  person jsonb, -- issuer, subject, email, name; null: a key
  config_hash bytea, -- keyed hash of the settings that it depends on: it ends when they change; null: it depends on key_id
  tenant_id uuid references tenants, -- that of the key; null: all tenants
  scopes text[] not null,
  address text, -- where the sign-in came from
  created_at timestamptz not null default now(),
  last_used_at timestamptz not null default now(), -- to the minute
  expires_at timestamptz not null,
  revoked_at timestamptz,
  check ((key_id is null) <> (config_hash is null))
);
create index sessions_of_tenant on sessions (tenant_id, id);
create index sessions_of_key on sessions (key_id);
create index sessions_expired on sessions (expires_at);
select open_to_tenants('sessions', 'select, update (revoked_at)', 'tenant_id = current_tenant()');
