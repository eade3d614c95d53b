-- An attempt shows the request that was sent (docs/decisions/0025). Its row stores the few facts that cannot be derived later: the column holds them with
-- the response, encrypted together, so that an erasure deletes both.
alter table attempts rename column response to exchange;

-- URL, header names and authentication of an endpoint as they were before a change. Attempts refer to them by `target_version`, unless that is the current
-- one. Encrypted like the target itself, but without its secrets: they are masked before they are encrypted.
create table past_targets (
  endpoint_id uuid not null references endpoints,
  target_version int not null,
  sealed bytea not null,
  -- no attempt refers to it that was made more than a day later; upkeep deletes it when all attempts are younger
  replaced_at timestamptz not null default now(),
  primary key (endpoint_id, target_version)
);
select open_to_tenants('past_targets', 'select, insert', 'exists (select from endpoints p where p.id = endpoint_id)');
