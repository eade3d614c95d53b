-- The audit log: who changed what, from where and when (docs/audit.md). It is append-only in three ways:
-- * It is a schema of its own, and belongs with all that is in it to a role that cannot log in. The user that runs
--   Posthorn may read the log, and write to it only through append_audit(). It is not in the schema of the other
--   tables, because the owner of a schema may drop what is in it, and add functions to it.
-- * Triggers refuse what rights allow, for example to a superuser.
-- * The hash of each entry covers the hash of the entry before it. So `posthorn audit verify` finds entries that were
--   changed, removed or inserted all the same.

-- Acts as that role until the last block of this file. The role is named after the owner of the other tables, because
-- roles belong to the whole cluster: databases of different owners do not share the owner of their logs.
do $$
declare
  keeper name := left('posthorn_audit_of_' || current_user, 63)::name;
begin
  perform set_config('posthorn.role_before', current_setting('role'), true);
  if not exists (select from pg_roles where rolname = keeper) then
    begin
      execute format('create role %I nologin', keeper);
    -- another database of this owner has created it at this moment
    exception when duplicate_object or unique_violation then null;
    end;
  end if;
  begin
    perform set_config('role', keeper, true);
    perform set_config('role', current_setting('posthorn.role_before'), true);
  -- A member until the end of this file. Since PostgreSQL 16 the creator of a role may make itself a member, but cannot
  -- act as the role before.
  exception when insufficient_privilege then execute format('grant %I to %I', keeper, session_user);
  end;
  if to_regnamespace('posthorn_audit') is null then
    execute format('create schema posthorn_audit authorization %I', keeper);
  end if;
  perform set_config('role', keeper, true);
exception when insufficient_privilege then
  raise exception
    '"%" cannot create the audit log as the role "%": % - have an administrator run: %; and when this has run: %',
    session_user, keeper, sqlerrm,
    format('create role %1$I nologin; grant %1$I to %2$I; create schema posthorn_audit authorization %1$I',
      keeper, session_user),
    format('revoke %I from %I', keeper, session_user)
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
  once text, -- of several entries with the same word only the first is written
  prev_hash bytea not null,
  hash bytea not null
);
create index audit_log_by_time on posthorn_audit.audit_log (at);
create index audit_log_of_tenant on posthorn_audit.audit_log (tenant_id, seq);
create index audit_log_by_action on posthorn_audit.audit_log (action, seq);
create unique index audit_log_once on posthorn_audit.audit_log (once) where once is not null;

-- The last entry. A writer locks this row until its commit, so the chain has no fork, and no reader sees an entry
-- before the entry that precedes it.
create table posthorn_audit.audit_head (
  one boolean primary key default true check (one),
  seq bigint not null,
  at timestamptz not null,
  hash bytea not null
);
insert into posthorn_audit.audit_head (seq, at, hash) values (0, '-infinity', decode(repeat('00', 32), 'hex'));

-- Fields as bytes that can be read in only one way: each as `length:text,` in UTF-8, null as `-,`.
create function posthorn_audit.audit_bytes(variadic fields text[]) returns bytea language sql immutable as $$
  select convert_to(
    string_agg(
      case when f is null then '-,' else octet_length(convert_to(f, 'UTF8')) || ':' || f || ',' end, '' order by n
    ), 'UTF8')
  from unnest(fields) with ordinality as t (f, n)
$$;

create function posthorn_audit.audit_time(at timestamptz) returns text language sql stable as $$
  select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;

-- Appends one entry and returns its number. Null: an entry with this `once` exists. Call it last in a transaction:
-- nobody else can append until that ends.
create function posthorn_audit.append_audit(
  actor_kind text, actor_id text, tenant_id uuid, action text, target_kind text, target_id text,
  before json, after json, address text, request_id text, once text
) returns bigint language plpgsql security definer
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
  -- `variadic`: with as many single texts another function of this name could be called instead
  next.hash := sha256(head.hash || posthorn_audit.audit_bytes(variadic array[
    next.seq::text, posthorn_audit.audit_time(next.at), append_audit.actor_kind, append_audit.actor_id,
    append_audit.tenant_id::text, append_audit.action, append_audit.target_kind, append_audit.target_id,
    append_audit.before::text, append_audit.after::text, append_audit.address, append_audit.request_id,
    append_audit.once]));
  insert into posthorn_audit.audit_log values (
    next.seq, next.at, append_audit.actor_kind, append_audit.actor_id, append_audit.tenant_id, append_audit.action,
    append_audit.target_kind, append_audit.target_id, append_audit.before, append_audit.after, append_audit.address,
    append_audit.request_id, append_audit.once, head.hash, next.hash);
  update posthorn_audit.audit_head set seq = next.seq, at = next.at, hash = next.hash;
  return next.seq;
end
$$;

create function posthorn_audit.refuse_audit_change() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is append-only' using errcode = 'insufficient_privilege';
end
$$;
create trigger audit_log_stays before update or delete or truncate on posthorn_audit.audit_log
  for each statement execute function posthorn_audit.refuse_audit_change();
create trigger audit_head_stays before delete or truncate on posthorn_audit.audit_head
  for each statement execute function posthorn_audit.refuse_audit_change();

-- `always`: also in a session that claims to be a replica
alter table posthorn_audit.audit_log enable always trigger audit_log_stays;
alter table posthorn_audit.audit_head enable always trigger audit_head_stays;

revoke all on function
  posthorn_audit.append_audit, posthorn_audit.audit_bytes, posthorn_audit.audit_time, posthorn_audit.refuse_audit_change
  from public;

-- Opens the log to the user that runs Posthorn, and leaves the role. From then on nobody but a superuser can act as it.
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
  -- A caller that is bound to a tenant sees the entries of its tenant, and its changes are logged like any others. This
  -- does not use open_to_tenants: here the user that runs Posthorn is not the owner but a member of the tenant role, so
  -- its policy also applies where no tenant is set.
  alter table posthorn_audit.audit_log enable row level security;
  execute format('create policy of_all on posthorn_audit.audit_log for select to %I using (true)', me);
  execute format($policy$create policy of_tenant on posthorn_audit.audit_log for select to %I
    using (tenant_id = nullif(current_setting('posthorn.tenant', true), '')::uuid)$policy$, tenants);
  perform set_config('role', current_setting('posthorn.role_before'), true);
  -- An administrator who granted the membership may have left this function, which takes it back: since PostgreSQL 16
  -- nobody else can.
  if to_regprocedure('posthorn_audit.leave_audit()') is not null then perform posthorn_audit.leave_audit(); end if;
  begin
    execute format('revoke %I from %I', keeper, session_user);
  -- then an administrator has to, and until then nothing starts (src/db/audit/audit-rights.ts)
  exception when insufficient_privilege or dependent_objects_still_exist then null;
  end;
end
$$;
