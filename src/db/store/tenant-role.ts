// Checks that this process may act as the tenant role. The first migration creates the role; it can
// be missing, for example after a dump was restored into another cluster.
import { type Db, inTransaction } from './pool.ts';

/**
 * Throws TenantRoleError if row-level security would hide rows from the delivery path, or would not restrict a tenant.
 */
export async function checkTenantRole(db: Db): Promise<void> {
  await inTransaction(db, async (client) => {
    const { rows } = await client.query<{ owner: string; role: string; bound: boolean }>({
      text: `select session_user as owner, tenant_role() as role, row_security_active('deliveries') as bound`,
    });
    const { owner = '', role = '', bound = true } = rows[0] ?? {};
    if (bound) throw new TenantRoleError(`"${owner}" does not own the tables of this database: connect as their owner.`);
    await client.query(`select set_config('role', tenant_role(), true)`).catch((error) => {
      throw new TenantRoleError(
        `"${owner}" may not act as the role "${role}": create the role if it is missing, and grant it to "${owner}".`,
        error,
      );
    });
    const open = await client.query<{ name: string }>(openTables);
    const names = open.rows.map(({ name }) => name).join(', ');
    if (names !== '') throw new TenantRoleError(`the role "${role}" is not restricted to one tenant's rows of: ${names}.`);
  });
}

// only tables with columns that the role may read or write
const openTables = `
  select c.relname as name from pg_class c
  where c.relnamespace in (current_schema()::regnamespace, to_regnamespace('posthorn_audit')) and c.relkind in ('r', 'p') and has_any_column_privilege(c.oid, 'select, insert, update')
    and not row_security_active(c.oid)
  order by 1`;

export class TenantRoleError extends Error {
  override name = 'TenantRoleError';

  constructor(message: string, cause?: unknown) {
    super(message, { cause });
  }
}
