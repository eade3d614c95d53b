-- What Posthorn learns of a server - Retry-After, 410, failures, an open circuit - counts for the server that was asked. `target_version` grows with each change of
-- what leads to the endpoint; whatever is recorded of an answer names the version that was asked, and of an earlier one nothing is recorded but the attempt.

alter table endpoints add column target_version int not null default 1,
  -- when a verification was asked for last
  add column verification_asked_at timestamptz;
-- of which version the facts in the row were learnt
alter table lanes add column target_version int not null default 1,
  -- a delivery of this endpoint is to be sent before all others
  add column hurried boolean not null default false;
alter table endpoint_health add column target_version int not null default 1;

-- somebody asked for its next attempt now, whatever its endpoint asked for; until that attempt is recorded
alter table deliveries add column hurried boolean not null default false;
create index deliveries_hurried on deliveries (endpoint_id) where hurried;

-- as it was inferred until now: 10 s after a question was ordered, 2 h after one was refused
update endpoints set verification_asked_at = case when verification_due_at > now() + interval '90 minutes' then verification_due_at - interval '2 hours'
  when verification_due_at <= now() + interval '10 seconds' then verification_due_at - interval '10 seconds' end
where verification_state = 'pending';
