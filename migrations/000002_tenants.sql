-- Tenants: the customer accounts of the platform. They own endpoints and events.

create table tenants (
  id uuid primary key,
  external_id text not null, -- the producer's id
  name text not null,
  metadata jsonb not null default '{}',

  -- limits
  rate_limit jsonb, -- for all endpoints of the tenant together; null: none
  -- A portal link without such a limit could turn every event of its tenant into thousands of requests. Only callers
  -- that are not bound to the tenant may change it, so the tenant role gets no right to write it.
  max_endpoints int not null default 100,

  -- kept up to date by the triggers on endpoints and endpoint_secrets
  endpoints_version bigint not null default 1, -- increases with every change of the tenant's endpoints
  has_ordered_endpoints boolean not null default false, -- its events are parked before their acceptance is answered

  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz -- the row stays, and the external_id may be used again
);
create unique index tenants_external_id on tenants (external_id) where deleted_at is null;

select open_to_tenants('tenants',
  'select, update (name, metadata, rate_limit, endpoints_version, has_ordered_endpoints, updated_at, deleted_at)',
  'id = current_tenant()');
