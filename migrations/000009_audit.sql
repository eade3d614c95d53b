-- The audit log: who changed what, from where and when (docs/audit.md). Append-only by rights, by triggers and by a chain of hashes:
-- * it is a schema of its own, which belongs to a role nobody logs in as, with all that is in it; whoever runs Posthorn may read the log, and write to it only
--   through append_audit(). Not in the schema of the other tables: whose schema it is may drop what is in it, and put functions beside those there are;
-- * triggers refuse what rights would allow: to a superuser, say;
-- * each entry's hash covers the hash before it, so what was changed, cut out or put in all the same is found by `posthorn audit verify`.

-- Becomes that role, until the end of what is the audit log's. It is named after the owner of the other tables: roles belong to the whole cluster, and
-- databases of different owners have nothing to do with each other's logs.
do $$
declare
  keeper name := left('posthorn_audit_of_' || current_user, 63)::name;
begin
  perform set_config('posthorn.role_before', current_setting('role'), true);
  if not exists (select from pg_roles where rolname = keeper) then
    begin
      execute format('create role %I nologin', keeper);
    -- by another database of this owner, at this moment
    exception when duplicate_object or unique_violation then null;
    end;
  end if;
  begin
    perform set_config('role', keeper, true);
    perform set_config('role', current_setting('posthorn.role_before'), true);
  -- a member for as long as it takes. Since 16 who made a role may make himself its member, but is none that may act as it
  exception when insufficient_privilege then execute format('grant %I to %I', keeper, session_user);
  end;
  if to_regnamespace('posthorn_audit') is null then execute format('create schema posthorn_audit authorization %I', keeper); end if;
  perform set_config('role', keeper, true);
exception when insufficient_privilege then
  raise exception '"%" cannot make the audit log of the role "%": % - have an administrator run: create role % nologin; grant % to %; create schema posthorn_audit authorization %; and when this has run: revoke % from %',
    session_user, keeper, sqlerrm, quote_ident(keeper), quote_ident(keeper), quote_ident(session_user), quote_ident(keeper), quote_ident(keeper), quote_ident(session_user)
    using errcode = 'insufficient_privilege';
end
$$;

create table posthorn_audit.audit_log (
  seq bigint primary key, -- 1, 2, 3 … without a gap, in the order of commits and of `at`
  at timestamptz not null,
  actor_kind text not null,
  actor_id text,
  tenant_id uuid,
  action text not null,
  target_kind text not null,
  target_id text not null,
  before json, -- json keeps the very text that was hashed
  after json,
  address text,
  request_id text,
  once text, -- what is told twice with the same word is written once
  prev_hash bytea not null,
  hash bytea not null
);
create index audit_log_by_time on posthorn_audit.audit_log (at);
create index audit_log_of_tenant on posthorn_audit.audit_log (tenant_id, seq);
create index audit_log_by_action on posthorn_audit.audit_log (action, seq);
create unique index audit_log_once on posthorn_audit.audit_log (once) where once is not null;

-- The last entry: who appends locks it until its commit, so the chain has no fork and nobody sees an entry before the one in front of it.
create table posthorn_audit.audit_head (
  one boolean primary key default true check (one),
  seq bigint not null,
  at timestamptz not null,
  hash bytea not null
);
insert into posthorn_audit.audit_head (seq, at, hash) values (0, '-infinity', decode(repeat('00', 32), 'hex'));

-- Fields as bytes that can be read in one way only: each as `length:text,` in UTF-8, null as `-,`.
create function posthorn_audit.audit_bytes(variadic fields text[]) returns bytea language sql immutable as $$
  select convert_to(string_agg(case when f is null then '-,' else octet_length(convert_to(f, 'UTF8')) || ':' || f || ',' end, '' order by n), 'UTF8')
  from unnest(fields) with ordinality as t (f, n)
$$;

create function posthorn_audit.audit_time(at timestamptz) returns text language sql stable as $$
  select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;

-- Appends one entry and returns its number; null: there is one with this `once`. To be called last in its transaction: until that ends nobody else appends.
create function posthorn_audit.append_audit(actor_kind text, actor_id text, tenant_id uuid, action text, target_kind text, target_id text, before json, after json,
  address text, request_id text, once text) returns bigint language plpgsql security definer
  set search_path = pg_catalog, posthorn_audit, pg_temp as $$
#variable_conflict use_column
declare
  head posthorn_audit.audit_head;
  next posthorn_audit.audit_head;
begin
  select * into strict head from posthorn_audit.audit_head for update;
  if exists (select from posthorn_audit.audit_log l where l.once = append_audit.once) then return null; end if;
  next.seq := head.seq + 1;
  next.at := greatest(clock_timestamp(), head.at);
  -- `variadic`: as many texts as are written out could as well be another function's
  next.hash := sha256(head.hash || posthorn_audit.audit_bytes(variadic array[next.seq::text, posthorn_audit.audit_time(next.at), append_audit.actor_kind,
    append_audit.actor_id, append_audit.tenant_id::text, append_audit.action, append_audit.target_kind, append_audit.target_id, append_audit.before::text,
    append_audit.after::text, append_audit.address, append_audit.request_id, append_audit.once]));
  insert into posthorn_audit.audit_log values (next.seq, next.at, append_audit.actor_kind, append_audit.actor_id, append_audit.tenant_id, append_audit.action,
    append_audit.target_kind, append_audit.target_id, append_audit.before, append_audit.after, append_audit.address, append_audit.request_id,
    append_audit.once, head.hash, next.hash);
  update posthorn_audit.audit_head set seq = next.seq, at = next.at, hash = next.hash;
  return next.seq;
end
$$;

create function posthorn_audit.refuse_audit_change() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is append-only' using errcode = 'insufficient_privilege';
end
$$;
create trigger audit_log_stays before update or delete or truncate on posthorn_audit.audit_log for each statement execute function posthorn_audit.refuse_audit_change();
create trigger audit_head_stays before delete or truncate on posthorn_audit.audit_head for each statement execute function posthorn_audit.refuse_audit_change();

-- `always`: also in a session that says it is a replica
alter table posthorn_audit.audit_log enable always trigger audit_log_stays;
alter table posthorn_audit.audit_head enable always trigger audit_head_stays;

revoke all on function posthorn_audit.append_audit, posthorn_audit.audit_bytes, posthorn_audit.audit_time, posthorn_audit.refuse_audit_change from public;

-- Opens it to who runs Posthorn, and leaves the role: a superuser apart, nobody can act as it afterwards.
do $$
declare
  keeper name := current_user;
  me name;
  tenants name;
begin
  perform set_config('role', current_setting('posthorn.role_before'), true);
  me := current_user;
  tenants := tenant_role();
  perform set_config('role', keeper, true);
  execute format('grant usage on schema posthorn_audit to %I, %I', me, tenants);
  execute format('grant select on posthorn_audit.audit_log, posthorn_audit.audit_head to %I', me);
  execute format('grant select on posthorn_audit.audit_log to %I', tenants);
  execute format('grant execute on function posthorn_audit.append_audit to %I, %I', me, tenants);
  -- what a tenant-bound caller's request runs as sees its tenant's entries, and its changes are written like anybody's. No open_to_tenants: who runs Posthorn is
  -- a member of that role and, here, not the owner, so its policy is asked where no tenant is set
  alter table posthorn_audit.audit_log enable row level security;
  execute format('create policy of_all on posthorn_audit.audit_log for select to %I using (true)', me);
  execute format($policy$create policy of_tenant on posthorn_audit.audit_log for select to %I
    using (tenant_id = nullif(current_setting('posthorn.tenant', true), '')::uuid)$policy$, tenants);
  perform set_config('role', current_setting('posthorn.role_before'), true);
  -- a function of whoever gave the membership, where there is one: since 16 nobody else can take it back
  if to_regprocedure('posthorn_audit.leave_audit()') is not null then perform posthorn_audit.leave_audit(); end if;
  begin
    execute format('revoke %I from %I', keeper, session_user);
  -- then an administrator has to, and until then nothing starts (src/db/audit/audit-rights.ts)
  exception when insufficient_privilege or dependent_objects_still_exist then null;
  end;
end
$$;

-- Orders that the delivery's workflow will give once more when their signal comes, by number: they were written when they were given, and are not again.
-- Each is believed once; heard it is negative.
alter table deliveries add column echoes int[];

-- The delivery log is exported by the time of its attempts. BRIN: a few bytes for each megabyte, and next to nothing for each insert.
create index attempts_by_time on attempts using brin (started_at) with (pages_per_range = 64, autosummarize = on);
