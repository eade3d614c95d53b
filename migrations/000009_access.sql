-- Who may call the API: API keys, portal links, the request rates of callers, and the answers to repeated requests.

-- API keys. Only a hash is stored: a key has 256 random bits, so a plain SHA-256 cannot be reversed. Revoked keys stay
-- as rows, because other rows name their creator.
create table api_keys (
  id uuid primary key,
  tenant_id uuid references tenants, -- null: all tenants
  hash bytea not null unique, -- SHA-256 of the key's text
  prefix text not null, -- the key's first characters, by which people recognize it
  name text not null,
  scopes text[] not null,
  cidrs inet[] not null default '{}', -- empty: from any address
  rate_limit jsonb, -- null: the limit of the configuration
  expires_at timestamptz,
  last_used_at timestamptz, -- to the minute
  revoked_at timestamptz,
  created_at timestamptz not null default now(),
  created_by text not null
);
create index api_keys_of_tenant on api_keys (tenant_id, id);
select open_to_tenants('api_keys', 'select, insert, update (hash, prefix, revoked_at)', 'tenant_id = current_tenant()');

-- Portal links: short-lived signed tokens for the consumers of one tenant. A token is valid only as long as its row is.
create table portal_links (
  id uuid primary key,
  tenant_id uuid not null references tenants,
  scopes text[] not null,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  created_at timestamptz not null default now(),
  created_by text not null
);
create index portal_links_of_tenant on portal_links (tenant_id, id);
create index portal_links_expired on portal_links (expires_at);
select open_to_tenants('portal_links', 'select, insert, update (revoked_at)', 'tenant_id = current_tenant()');

-- How much of its rate a caller has used in the current window. The library rate-limiter-flexible defines the columns.
-- Unlogged: after a crash of PostgreSQL all windows start again.
create unlogged table api_rates (
  key text primary key,
  points int not null default 0,
  expire bigint -- Unix milliseconds
);
create index api_rates_expired on api_rates (expire);

-- Answers to requests with an Idempotency-Key, kept for 24 hours.
create table idempotency_keys (
  scope text not null, -- the caller
  key text not null,
  request_hash bytea not null, -- keyed
  seed uuid not null, -- a repeated run creates the same ids from it, and so finds what the run before has committed
  claim uuid not null, -- the run that works on it
  claimed_until timestamptz not null, -- later than that, a repeated request takes over
  status int, -- null: not answered yet
  response bytea, -- encrypted by the master key
  created_at timestamptz not null default now(),
  primary key (scope, key)
);
create index idempotency_keys_by_age on idempotency_keys (created_at);
