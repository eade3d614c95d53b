-- `posthorn listen`: endpoints whose requests are handed to a command that holds a connection to the API
-- (docs/decisions/0055-listen.md). The process that attempts and the process that holds the connection meet in these tables.
--
-- Both are unlogged: after a crash of PostgreSQL the commands connect again, and the attempts are made again. Both are closed to
-- the tenant role: a caller is checked against the endpoint first.

-- The connection that gets the requests of an endpoint. The latest one replaces the one before.
create unlogged table listeners (
  endpoint_id uuid primary key,
  session uuid not null,
  seen_at timestamptz not null default now()
);

-- Requests that are on their way, and their answers. A row lives as long as its attempt.
create unlogged table listen_requests (
  id uuid primary key,
  endpoint_id uuid not null,
  sealed bytea not null, -- headers and body, encrypted by the master key
  deadline timestamptz not null, -- the attempt waits until then
  session uuid, -- the connection that it was sent on; null: on none yet
  answer bytea -- encrypted; null: there is none yet
);
create index listen_requests_of_endpoint on listen_requests (endpoint_id, id);
