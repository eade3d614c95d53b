-- Periodic work of the whole installation, such as statistics and alerts. Whichever process finds a chore due claims it,
-- so each run happens once, however many processes there are. Not in Temporal: alerts must work while that is away.

create table chores (
  name text primary key,
  due_at timestamptz not null, -- while it runs: the end of the claim, after which another process may claim it
  begun_at timestamptz not null, -- the start of the last run
  done_at timestamptz, -- the end of the last run that succeeded
  error text -- of the last run; null: it succeeded, or still runs
);
