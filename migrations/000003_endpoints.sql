-- Endpoints: a URL with its subscription, secrets and delivery settings, what Posthorn has learnt about its server, and
-- alerts for its owner.

-- Every change of an endpoint takes the next number, so that caches can tell which of two versions is newer.
create sequence config_version;
do $$
begin
  execute format('grant usage on sequence config_version to %I', tenant_role());
end
$$;

create table endpoints (
  id uuid primary key,
  tenant_id uuid not null references tenants,
  description text not null default '',
  metadata jsonb not null default '{}',

  -- the target: URL, headers, credentials and client certificate, encrypted by the master key. A path or a header often
  -- is a secret, so only what lists, limits and alerts need is readable.
  sealed bytea not null,
  host text not null,
  token_host text, -- where OAuth access tokens are requested
  tls_expires_at timestamptz, -- expiry of the client certificate
  tls_alerted_days int, -- the last alert about it was given so many days before the expiry
  -- Increases when the target changes. Whatever is learnt from an answer names the version that was asked, and is
  -- ignored if the target has changed since (docs/decisions/0022).
  target_version int not null default 1,

  -- subscription
  event_types text[] not null default '{}',
  channels text[] not null default '{}',

  -- the request
  format text not null default 'standard', -- of the body
  signing jsonb, -- null: Standard Webhooks v1
  timeout_ms int not null default 15000,
  retry jsonb, -- null: the retry schedule of the configuration

  -- limits and lane settings (docs/lanes.md)
  max_in_flight int,
  rate_limit jsonb,
  ordering text not null default 'none' check (ordering in ('none', 'endpoint', 'key')),
  ordering_since timestamptz, -- null: since the endpoint was created
  on_dead_letter text not null default 'skip' check (on_dead_letter in ('skip', 'block')),
  batch jsonb,
  coalesce_ms int,
  auto_recover boolean not null default true, -- enable it again if it was disabled because it failed for too long
  needs_lane boolean not null -- nothing may be sent to it directly
    generated always as (
      rate_limit is not null or ordering <> 'none' or batch is not null or coalesce_ms is not null or gate <> 'open'
    ) stored,

  -- the gate: whether anything may be sent now
  gate text not null default 'open' check (gate in ('open', 'held', 'disabled')),
  gate_reason text,
  not_before timestamptz, -- the end of a Retry-After

  -- verification: an endpoint may have to agree before anything is sent to it. Until then its gate is held, with the
  -- reason `unverified`.
  verification text not null default 'none' check (verification in ('none', 'echo', 'cloudevents')),
  verification_state text not null default 'none'
    check (verification_state in ('none', 'pending', 'verified', 'failed')),
  verification_round int not null default 0, -- counts verifications, so that a late answer to an earlier one is ignored
  verification_asked_at timestamptz, -- the last request
  verification_due_at timestamptz, -- pending, and no request by then: its workflow is started again
  verified_at timestamptz,
  verification_error text,

  version bigint not null default nextval('config_version'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz
);
create index endpoints_of_tenant on endpoints (tenant_id, id) where deleted_at is null;
create index endpoints_ordering on endpoints (tenant_id) where ordering <> 'none' and deleted_at is null;
create index endpoints_tls_expiring on endpoints (tls_expires_at)
  where tls_expires_at is not null and deleted_at is null;
create index endpoints_unverified on endpoints (verification_due_at)
  where verification_state = 'pending' and deleted_at is null;
select open_to_tenants('endpoints', 'select, insert, update', 'tenant_id = current_tenant()');

-- Whether the row-level security of endpoints shows this endpoint. Volatile, so that it also sees an endpoint that the
-- same statement has inserted.
create function sees_endpoint(wanted uuid) returns boolean language plpgsql volatile as $$
begin
  return exists (select from endpoints where id = wanted);
end
$$;

-- URL, header names and authentication of an endpoint as they were before a change. Attempts refer to them by
-- `target_version`, unless that is the current one. Encrypted like the target itself, but without its secrets: they are
-- masked before they are encrypted.
create table past_targets (
  endpoint_id uuid not null references endpoints,
  target_version int not null,
  sealed bytea not null,
  -- No attempt that was made more than a day later refers to it. Upkeep deletes it when all attempts are younger.
  replaced_at timestamptz not null default now(),
  primary key (endpoint_id, target_version)
);
select open_to_tenants('past_targets', 'select, insert', 'exists (select from endpoints p where p.id = endpoint_id)');

-- HMAC secrets. Several may be valid at once, during a rotation.
create table endpoint_secrets (
  id uuid primary key,
  endpoint_id uuid not null references endpoints,
  sealed bytea not null, -- encrypted by the master key
  valid_from timestamptz not null default now(),
  valid_to timestamptz -- null: until it is rotated
);
create index endpoint_secrets_of_endpoint on endpoint_secrets (endpoint_id);
select open_to_tenants('endpoint_secrets', 'select, insert, update', 'sees_endpoint(endpoint_id)');

-- A relay plans from a cache of a tenant's endpoints. These triggers increase tenants.endpoints_version in the
-- transaction of every change to them. The statement that accepts an event returns the version, consistently with its
-- own snapshot, and so tells the relay whether its cache is still valid.
create function bump_endpoints_version() returns trigger language plpgsql as $$
begin
  -- Wait for the lock here. An update that waits itself would continue with its old snapshot, and miss the endpoints
  -- that the holder of the lock has committed.
  perform from tenants where id = new.tenant_id for no key update;
  update tenants set endpoints_version = endpoints_version + 1,
    has_ordered_endpoints = exists (
      select from endpoints where tenant_id = new.tenant_id and ordering <> 'none' and deleted_at is null
    )
  where id = new.tenant_id;
  return null;
end
$$;
create trigger endpoints_changed after insert or update on endpoints
  for each row execute function bump_endpoints_version();

create function bump_endpoints_version_of_secret() returns trigger language plpgsql as $$
begin
  update tenants t set endpoints_version = endpoints_version + 1
  from endpoints p where p.id = new.endpoint_id and t.id = p.tenant_id;
  return null;
end
$$;
create trigger endpoint_secrets_changed after insert or update on endpoint_secrets
  for each row execute function bump_endpoints_version_of_secret();

-- Failure counts of the endpoints that refused something lately, summed over all processes. A circuit opens by them.
create table endpoint_health (
  endpoint_id uuid primary key,
  counts jsonb not null, -- `Failures` of src/domain/lanes/circuit.ts
  failing_since timestamptz,
  target_version int not null default 1, -- the version of the target that was counted
  updated_at timestamptz not null default now()
);
create index endpoint_health_recent on endpoint_health (updated_at);

-- Alerts for the owner of an endpoint.
create table alerts (
  id uuid primary key,
  tenant_id uuid not null,
  endpoint_id uuid,
  kind text not null,
  detail jsonb not null default '{}',
  created_at timestamptz not null default now()
);
create index alerts_of_tenant on alerts (tenant_id, id);
select open_to_tenants('alerts', 'select', 'tenant_id = current_tenant()');
