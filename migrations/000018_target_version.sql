-- What Posthorn learns of a server - Retry-After, 410, failures, an open circuit - counts for the server that was asked. `target_version` grows with each change of
-- what leads to the endpoint; whatever is recorded of an answer names the version that was asked, and of an earlier one nothing is recorded but the attempt.

alter table endpoints add column target_version int not null default 1,
  -- when a verification was asked for last
  add column verification_asked_at timestamptz;
-- of which version the facts in the row were learnt
alter table lanes add column target_version int not null default 1,
  -- somebody wants a delivery sent before all others: the drain looks for it
  add column hurried boolean not null default false;
alter table endpoint_health add column target_version int not null default 1;

-- A caller of one tenant may change its endpoints, and nothing of lanes. A lane that rests is due, so that the sweep wakes it if nobody else does.
create function forget_target() returns trigger language plpgsql security definer set search_path from current as $$
begin
  delete from endpoint_health where endpoint_id = new.id and target_version < new.target_version;
  update lanes set target_version = new.target_version, allowance = null, circuit = null, failing_since = null,
    due_at = case when state = 'awake' then due_at else now() end, updated_at = now()
  where endpoint_id = new.id and target_version < new.target_version;
  return null;
end
$$;
create trigger forget_target after update of target_version on endpoints
  for each row when (new.target_version > old.target_version) execute function forget_target();

-- Somebody asked for its next attempt now, whatever its endpoint asked for; until that attempt is recorded.
alter table deliveries add column hurried boolean not null default false;
create index deliveries_hurried on deliveries (endpoint_id) where hurried;

create function hurry_lane() returns trigger language plpgsql security definer set search_path from current as $$
begin
  update lanes set hurried = true, due_at = case when state = 'awake' then due_at else now() end where endpoint_id = new.endpoint_id;
  return null;
end
$$;
create trigger hurry_lane after update of hurried on deliveries for each row when (new.hurried) execute function hurry_lane();

-- as it was inferred until now: 10 s after a question was ordered, 2 h after one was refused
update endpoints set verification_asked_at = case when verification_due_at > now() + interval '90 minutes' then verification_due_at - interval '2 hours'
  when verification_due_at <= now() + interval '10 seconds' then verification_due_at - interval '10 seconds' end
where verification_state = 'pending';
