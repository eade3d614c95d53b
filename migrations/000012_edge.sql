-- Client certificates (mutual TLS) are sealed with the rest of an endpoint's target; that their owner is told in time, their expiry is in sight.
-- An endpoint may have to agree before anything is sent to it: until then its gate is held, for the reason `unverified`.
alter table endpoints
  add column tls_expires_at timestamptz,
  -- the last alert that was given: so many days before
  add column tls_alerted_days int,
  add column verification text not null default 'none' check (verification in ('none', 'echo', 'cloudevents')),
  add column verification_state text not null default 'none' check (verification_state in ('none', 'pending', 'verified', 'failed')),
  -- counts how often it was to be asked, so that the answer to an earlier question opens nothing
  add column verification_round int not null default 0,
  -- pending, and not asked by then: its workflow is started again
  add column verification_due_at timestamptz,
  add column verified_at timestamptz,
  add column verification_error text;
create index endpoints_tls_expiring on endpoints (tls_expires_at) where tls_expires_at is not null and deleted_at is null;
create index endpoints_unverified on endpoints (verification_due_at) where verification_state = 'pending' and deleted_at is null;
