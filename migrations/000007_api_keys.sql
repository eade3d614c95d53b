-- Who may call: API keys, of which only a hash is kept (a key is 256 random bits, so a plain SHA-256 cannot be searched back), and portal links,
-- signed tokens that count only while their row does. Revoked keys stay as rows: they say who made what.

create table api_keys (
  id uuid primary key,
  tenant_id uuid references tenants, -- null: all tenants
  hash bytea not null unique, -- SHA-256 of the key's text
  prefix text not null, -- the key's first characters, to be told by
  name text not null,
  scopes text[] not null,
  cidrs inet[] not null default '{}', -- none: from anywhere
  rate_limit jsonb, -- null: the one of the configuration
  expires_at timestamptz,
  last_used_at timestamptz, -- to the minute
  revoked_at timestamptz,
  created_at timestamptz not null default now(),
  created_by text not null
);
create index api_keys_of_tenant on api_keys (tenant_id, id);

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

-- How much of its rate a key has used in its present window; laid out as the library wants it (rate-limiter-flexible). Not logged: after a crash all
-- windows begin anew.
create unlogged table api_rates (
  key text primary key,
  points int not null default 0,
  expire bigint -- Unix milliseconds
);
create index api_rates_expired on api_rates (expire);
