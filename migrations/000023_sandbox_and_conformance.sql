-- Test endpoints of tenants (docs/sandbox.md), and the last conformance run of each endpoint (docs/conformance.md).

-- A receiver inside this server. Anyone who knows its id may post to it.
create table sandboxes (
  id uuid primary key,
  tenant_id uuid not null references tenants,
  endpoint_id uuid not null references endpoints, -- the endpoint that was made with it
  name text not null,
  script text not null, -- how it answers; empty: always 200
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index sandboxes_of_tenant on sandboxes (tenant_id, id);
select open_to_tenants('sandboxes', 'select, insert, update, delete', 'tenant_id = current_tenant()');

-- What it received: the newest requests of each sandbox, for a week at most.
create table sandbox_requests (
  id uuid primary key,
  sandbox_id uuid not null references sandboxes on delete cascade,
  tenant_id uuid not null,
  webhook_id text,
  delivery text, -- as the request named it
  attempt int,
  method text not null,
  signature text not null, -- `valid`, or why it is not
  status_answered int, -- null: the connection was reset
  body_bytes bigint not null, -- of the whole body
  content bytea not null -- headers and body, encrypted with the data key of the day
);
create index sandbox_requests_of_sandbox on sandbox_requests (sandbox_id, id);
create index sandbox_requests_of_event on sandbox_requests (webhook_id);
select open_to_tenants('sandbox_requests', 'select, delete', 'tenant_id = current_tenant()');

-- How often each event came, where a script has several steps.
create table sandbox_attempts (
  sandbox_id uuid not null references sandboxes on delete cascade,
  webhook_id text not null,
  attempts int not null,
  seen_at timestamptz not null,
  primary key (sandbox_id, webhook_id)
);
create index sandbox_attempts_by_time on sandbox_attempts (seen_at);
select open_to_tenants('sandbox_attempts', 'select, delete', 'exists (select from sandboxes s where s.id = sandbox_id)');

-- One row for each endpoint that had a run. While `report` is null, the run is in progress.
create table conformance_runs (
  endpoint_id uuid primary key references endpoints,
  tenant_id uuid not null,
  started_at timestamptz not null,
  report jsonb
);
select open_to_tenants('conformance_runs', 'select, insert, update', 'tenant_id = current_tenant()');
