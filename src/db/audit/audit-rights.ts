// Checks that the roles which write the audit log cannot change it. migrations/000011_audit.sql
// gives the rights, but they may have been changed since, lost with a dump, or never completed.
import { type Db, inTransaction } from '../store/pool.ts';

export interface AuditRights {
  /** Must be fixed: a role that is not a superuser can change the log. */
  faults: string[];
  /** Risks that rights cannot prevent. */
  remarks: string[];
}

interface State {
  parts: string[];
  owners: string[];
  triggers: number;
  secured: boolean | null;
}

interface Reach {
  who: string;
  keeper: string;
  is_super: boolean;
  logs_in: boolean;
  acts: boolean;
  could_act: boolean;
  writes: boolean;
}

const parts = ['append_audit', 'audit_bytes', 'audit_head', 'audit_log', 'audit_time', 'posthorn_audit', 'refuse_audit_change'];

/** Throws AuditRightsError if a role that is not a superuser can change the log. Returns the remarks. */
export async function checkAuditRights(db: Db): Promise<string[]> {
  const { faults, remarks } = await auditRights(db);
  if (faults.length > 0) throw new AuditRightsError(faults.join(' '));
  return remarks;
}

export async function auditRights(db: Db): Promise<AuditRights> {
  return inTransaction(db, async (client) => {
    // the connecting user could put functions of the same names into the search path
    await client.query('set local search_path = pg_catalog');
    const [found] = (await client.query<State>(state)).rows;
    if (!found || found.parts.join() !== parts.join())
      return { faults: ['The schema "posthorn_audit" differs from what its migration created.'], remarks: [] };
    const faults: string[] = [];
    if (found.owners.length > 1) faults.push(`The audit log has more than one owner: ${found.owners.join(', ')}.`);
    if (found.triggers !== 2) faults.push('The triggers that keep the audit log are missing or disabled.');
    if (!found.secured) faults.push('Row-level security of the audit log is off.');
    const { rows } = await client.query<Reach>({ text: reach, values: [found.owners] });
    return { faults: [...faults, ...rows.flatMap(faultsOf)], remarks: rows.flatMap(remarksOf) };
  });
}

function faultsOf({ who, keeper, is_super, logs_in, acts, writes }: Reach): string[] {
  if (logs_in) return [`The audit log belongs to "${keeper}", which can log in.`];
  if (is_super) return [];
  if (acts)
    return [`"${who}" can act as "${keeper}", the owner of the audit log: have an administrator run: revoke "${keeper}" from "${who}"`];
  return writes ? [`"${who}" has rights to change the audit log.`] : [];
}

function remarksOf({ who, keeper, is_super, acts, could_act }: Reach): string[] {
  if (is_super) return [`"${who}" is a superuser: rights do not keep it from changing the audit log`];
  return could_act && !acts
    ? [`"${who}" may give itself the role "${keeper}", the owner of the audit log: revoke "${keeper}" and createrole from it`]
    : [];
}

const state = `
  with parts (name, owner) as (
    select nspname::text, nspowner from pg_namespace where nspname = 'posthorn_audit'
    union all select relname::text, relowner from pg_class where relnamespace = to_regnamespace('posthorn_audit') and relkind = 'r'
    union all select proname::text, proowner from pg_proc where pronamespace = to_regnamespace('posthorn_audit') and proname <> 'leave_audit'
  )
  select array(select name from parts order by name collate "C") as parts, array(select distinct owner::regrole::text from parts order by 1) as owners,
    (select count(*)::int from pg_trigger t join pg_proc f on f.oid = t.tgfoid
      where t.tgrelid in (to_regclass('posthorn_audit.audit_log'), to_regclass('posthorn_audit.audit_head')) and t.tgenabled = 'A'
        and f.pronamespace = to_regnamespace('posthorn_audit') and f.proname = 'refuse_audit_change') as triggers,
    (select relrowsecurity from pg_class where oid = to_regclass('posthorn_audit.audit_log')) as secured`;

// for the session's user and the owner of Posthorn's tables; since PostgreSQL 16 a member may lack the right to act as
// the role
const reach = `
  select r.rolname as who, k.rolname as keeper, r.rolsuper as is_super, k.rolcanlogin as logs_in,
    pg_has_role(r.oid, k.oid, 'usage') or pg_has_role(r.oid, k.oid, case when current_setting('server_version_num')::int < 160000 then 'member' else 'set' end)
      as acts,
    r.rolcreaterole and current_setting('server_version_num')::int < 160000 or pg_has_role(r.oid, k.oid, 'member with admin option') as could_act,
    has_schema_privilege(r.oid, 'posthorn_audit', 'create') or has_table_privilege(r.oid, 'posthorn_audit.audit_head', 'insert, update, delete, truncate, trigger')
      or has_table_privilege(r.oid, 'posthorn_audit.audit_log', 'insert, update, delete, truncate, trigger') as writes
  from pg_roles r, pg_roles k
  where k.oid in (select o::regrole from unnest($1::text[]) as o)
    and (r.rolname = session_user or r.oid in (select relowner from pg_class where relname = 'deliveries' and relkind = 'p'))
  order by 1, 2`;

class AuditRightsError extends Error {
  override name = 'AuditRightsError';
}
