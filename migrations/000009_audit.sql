-- The audit log: who changed what, from where and when (docs/audit.md). Append-only by rights, by triggers and by a chain of hashes:
-- * its tables and functions belong to a role nobody logs in as; whoever runs Posthorn may read the log, and write to it only through append_audit();
-- * triggers refuse what rights would allow: to a superuser, say;
-- * each entry's hash covers the hash before it, so what was changed, cut out or put in all the same is found by `posthorn audit verify`.

create table audit_log (
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
create index audit_log_by_time on audit_log (at);
create index audit_log_of_tenant on audit_log (tenant_id, seq);
create index audit_log_by_action on audit_log (action, seq);
create unique index audit_log_once on audit_log (once) where once is not null;

-- The last entry: who appends locks it until its commit, so the chain has no fork and nobody sees an entry before the one in front of it.
create table audit_head (
  one boolean primary key default true check (one),
  seq bigint not null,
  at timestamptz not null,
  hash bytea not null
);
insert into audit_head (seq, at, hash) values (0, '-infinity', decode(repeat('00', 32), 'hex'));

-- Fields as bytes that can be read in one way only: each as `length:text,` in UTF-8, null as `-,`.
create function audit_bytes(variadic fields text[]) returns bytea language sql immutable as $$
  select convert_to(string_agg(case when f is null then '-,' else octet_length(convert_to(f, 'UTF8')) || ':' || f || ',' end, '' order by n), 'UTF8')
  from unnest(fields) with ordinality as t (f, n)
$$;

create function audit_time(at timestamptz) returns text language sql stable as $$
  select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;

-- Appends one entry and returns its number; null: there is one with this `once`. To be called last in its transaction: until that ends nobody else appends.
create function append_audit(actor_kind text, actor_id text, tenant_id uuid, action text, target_kind text, target_id text, before json, after json,
  address text, request_id text, once text) returns bigint language plpgsql security definer as $$
#variable_conflict use_column
declare
  head audit_head;
  next audit_head;
begin
  select * into strict head from audit_head for update;
  if exists (select from audit_log l where l.once = append_audit.once) then return null; end if;
  next.seq := head.seq + 1;
  next.at := greatest(clock_timestamp(), head.at);
  next.hash := sha256(head.hash || audit_bytes(next.seq::text, audit_time(next.at), append_audit.actor_kind, append_audit.actor_id,
    append_audit.tenant_id::text, append_audit.action, append_audit.target_kind, append_audit.target_id, append_audit.before::text,
    append_audit.after::text, append_audit.address, append_audit.request_id, append_audit.once));
  insert into audit_log values (next.seq, next.at, append_audit.actor_kind, append_audit.actor_id, append_audit.tenant_id, append_audit.action,
    append_audit.target_kind, append_audit.target_id, append_audit.before, append_audit.after, append_audit.address, append_audit.request_id,
    append_audit.once, head.hash, next.hash);
  update audit_head set seq = next.seq, at = next.at, hash = next.hash;
  return next.seq;
end
$$;

create function refuse_audit_change() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is append-only' using errcode = 'insufficient_privilege';
end
$$;
create trigger audit_log_stays before update or delete or truncate on audit_log for each statement execute function refuse_audit_change();
create trigger audit_head_stays before delete or truncate on audit_head for each statement execute function refuse_audit_change();

revoke all on function append_audit from public;

-- Hands all of it to a role nobody logs in as, named after the owner of the other tables: roles belong to the whole cluster, and databases of different
-- owners have nothing to do with each other's logs.
do $$
declare
  me name := current_user;
  here name := current_schema();
  keeper name := left('posthorn_audit_of_' || me, 63)::name;
  own text := current_setting('role');
  is_super boolean := (select rolsuper from pg_roles where rolname = me);
  was_member boolean;
begin
  if not exists (select from pg_roles where rolname = keeper) then
    begin
      execute format('create role %I nologin', keeper);
    -- by another database of this owner, at this moment
    exception when duplicate_object or unique_violation then null;
    end;
  end if;
  -- since 16 who makes a role is its member, but for naught: it may not act as it
  was_member := is_super or pg_has_role(me, keeper, case when current_setting('server_version_num')::int < 160000 then 'member' else 'set' end);
  -- a member for as long as it takes: PostgreSQL hands tables only to a role that the giver may act as and that may make some there
  if not was_member then execute format('grant %I to %I', keeper, me); end if;
  execute format('grant usage, create on schema %I to %I', here, keeper);
  execute format('alter function append_audit set search_path = pg_catalog, %I, pg_temp', here);
  -- what a tenant-bound caller's request runs as sees its tenant's entries, and its changes are written like anybody's. No open_to_tenants: who runs Posthorn is
  -- a member of that role and, here, not the owner, so its policy is asked where no tenant is set
  alter table audit_log enable row level security;
  execute format('create policy of_all on audit_log for select to %I using (true)', me);
  execute format($policy$create policy of_tenant on audit_log for select to %I
    using (tenant_id = nullif(current_setting('posthorn.tenant', true), '')::uuid)$policy$, tenant_role());
  execute format('grant select on audit_log to %I', tenant_role());
  execute format('grant execute on function append_audit to %I', tenant_role());
  execute format('alter table audit_log owner to %I', keeper);
  execute format('alter table audit_head owner to %I', keeper);
  execute format('alter function audit_bytes owner to %I', keeper);
  execute format('alter function audit_time owner to %I', keeper);
  execute format('alter function refuse_audit_change owner to %I', keeper);
  execute format('alter function append_audit owner to %I', keeper);
  execute format('revoke create on schema %I from %I', here, keeper);
  -- given by the new owner: what the old one had went over with the rest
  perform set_config('role', keeper, true);
  execute format('grant select on audit_log, audit_head to %I', me);
  execute format('grant execute on function append_audit to %I', me);
  perform set_config('role', own, true);
  if not was_member then execute format('revoke %I from %I', keeper, me); end if;
exception when insufficient_privilege then
  raise exception '"%" cannot hand the audit log to the role "%": % - have an administrator run: create role % nologin; grant % to %; and when this has run: revoke % from %',
    me, keeper, sqlerrm, quote_ident(keeper), quote_ident(keeper), quote_ident(me), quote_ident(keeper), quote_ident(me)
    using errcode = 'insufficient_privilege';
end
$$;

-- Orders that the delivery's workflow will give once more when their signal comes, by number: they were written when they were given, and are not again.
-- Each is believed once; heard it is negative.
alter table deliveries add column echoes int[];

-- The delivery log is exported by the time of its attempts. BRIN: a few bytes for each megabyte, and next to nothing for each insert.
create index attempts_by_time on attempts using brin (started_at) with (pages_per_range = 64, autosummarize = on);
