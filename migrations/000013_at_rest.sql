-- Contents at rest: what producers post and what endpoints answer is sealed with a key of its day (docs/decisions/0018), and can be erased.
-- Data keys are themselves sealed by the master key, so that a new master key means as many rows as there are days, and not every body.
-- What was stored before stays as it is: a body that was not sealed begins with `{`, which no sealed one does.

create table data_keys (
  name text primary key, -- content/<day>, or digest
  sealed bytea not null,
  made_at timestamptz not null default now()
);

-- whom an event is about, as a keyed hash; and when its content was erased
alter table events add column subject_hash bytea, add column erased_at timestamptz;
create index events_of_subject on events (tenant_id, subject_hash, id) where subject_hash is not null;
create index events_erased on events (erased_at) where erased_at is not null;

-- headers and body of what the endpoint answered, sealed together; response_headers and response_body are those of older attempts
-- batch_id: the request was of a batch; what was answered to all of it is kept with its first member, and erased with any of them
alter table attempts add column response bytea, add column batch_id uuid;
create index attempts_of_batch on attempts (batch_id) where batch_id is not null;

-- What was asked to be erased by subject and is not finished: whoever asks again, or upkeep, goes on.
create table erasures (
  tenant_id uuid not null,
  subject_hash bytea not null,
  asked_at timestamptz not null default now(),
  primary key (tenant_id, subject_hash)
);

-- a tenant may erase what is its own
select open_to_tenants('erasures', 'select, insert, update, delete', 'tenant_id = current_tenant()');
do $$
begin
  execute format('grant update (body, subject_hash, erased_at) on events to %I', tenant_role());
  execute format('grant update (response, response_headers, response_body) on attempts to %I', tenant_role());
end
$$;
