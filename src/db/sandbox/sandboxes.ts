// Test endpoints of tenants: create, list, read, change, delete.
import { changedFields } from '#domain/access/audit';
import { idOf, uuidOf } from '#domain/ids';
import { mostSandboxes } from '#domain/sandbox/sandbox-endpoint';
import { type Audit, audited } from '../audit/audit.ts';
import type { Db } from '../store/pool.ts';

export interface StoredSandbox {
  id: string;
  /** The producer's id. */
  tenant: string;
  /** `tnt_…` */
  tenantId: string;
  endpoint: string;
  name: string;
  script: string;
  createdAt: Date;
  updatedAt: Date;
}

interface SandboxRow {
  id: string;
  tenant: string;
  tenant_id: string;
  endpoint_id: string;
  name: string;
  script: string;
  created_at: Date;
  updated_at: Date;
}

const columns = 's.id, t.external_id as tenant, s.tenant_id, s.endpoint_id, s.name, s.script, s.created_at, s.updated_at';
const tables = 'sandboxes s join tenants t on t.id = s.tenant_id and t.deleted_at is null';

function toSandbox(row: SandboxRow): StoredSandbox {
  return {
    id: idOf('sbx', row.id),
    tenant: row.tenant,
    tenantId: idOf('tnt', row.tenant_id),
    endpoint: idOf('ep', row.endpoint_id),
    name: row.name,
    script: row.script,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

const target = (sandboxId: string) => ({ kind: 'sandbox', id: sandboxId });

/** Whether the tenant has as many as it may have. `except`: does not count, because an earlier run of the request made it. */
export async function hasAllSandboxes(db: Pick<Db, 'query'>, tenantId: string, except: string): Promise<boolean> {
  const { rows } = await db.query<{ full: boolean }>({
    name: 'has_all_sandboxes',
    text: `select count(*) >= ${mostSandboxes} as full from sandboxes where tenant_id = $1 and id <> $2`,
    values: [uuidOf(tenantId), uuidOf(except)],
  });
  return rows[0]?.full ?? false;
}

/**
 * Run twice with the same id: the second run changes nothing. `full`: others, created at the same moment, have made
 * as many as the tenant may have. Null: the tenant is gone.
 */
export async function createSandbox(
  db: Db,
  made: Pick<StoredSandbox, 'id' | 'tenantId' | 'endpoint' | 'name' | 'script'>,
  audit: Audit,
): Promise<StoredSandbox | 'full' | null> {
  const { id, tenantId, endpoint, name, script } = made;
  const isFull = await audited(db, audit, async (client) => {
    await client.query({
      name: 'lock_tenant_of_sandboxes',
      text: 'select from tenants where id = $1 for no key update',
      values: [uuidOf(tenantId)],
    });
    // a later statement than the lock, so that it sees what another call has committed
    if (await hasAllSandboxes(client, tenantId, id)) return { result: true, entry: null };
    const { rowCount } = await client.query({
      name: 'create_sandbox',
      text: 'insert into sandboxes (id, tenant_id, endpoint_id, name, script) values ($1, $2, $3, $4, $5) on conflict do nothing',
      values: [uuidOf(id), uuidOf(tenantId), uuidOf(endpoint), name, script],
    });
    const entry = { tenantId, target: target(id), before: null, after: { name, script, endpoint } };
    return { result: false, entry: rowCount === 1 ? entry : null };
  });
  return isFull ? 'full' : readSandbox(db, id);
}

/** Of one tenant, older than `before`, newest first. */
export async function listSandboxes(db: Db, tenantId: string, before: string | null, limit: number): Promise<StoredSandbox[]> {
  const { rows } = await db.query<SandboxRow>({
    name: 'list_sandboxes',
    text: `
      select ${columns} from ${tables}
      where s.tenant_id = $1 and s.id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
      order by s.id desc limit $3`,
    values: [uuidOf(tenantId), before && uuidOf(before), limit],
  });
  return rows.map(toSandbox);
}

/** Null: no such sandbox. */
export async function readSandbox(db: Pick<Db, 'query'>, sandboxId: string): Promise<StoredSandbox | null> {
  const { rows } = await db.query<SandboxRow>({
    name: 'read_sandbox',
    text: `select ${columns} from ${tables} where s.id = $1`,
    values: [uuidOf(sandboxId)],
  });
  return rows[0] ? toSandbox(rows[0]) : null;
}

/** `check` is called under the row's lock; an error that it throws rolls back. Null: no such sandbox. */
export async function changeSandbox(
  db: Db,
  sandboxId: string,
  change: { name?: string | undefined; script?: string | undefined },
  audit: Audit,
  check: (before: StoredSandbox) => void,
): Promise<StoredSandbox | null> {
  return audited(db, audit, async (client) => {
    await client.query({ name: 'lock_sandbox', text: 'select from sandboxes where id = $1 for update', values: [uuidOf(sandboxId)] });
    const before = await readSandbox(client, sandboxId);
    if (!before) return { result: null, entry: null };
    check(before);
    const after = { name: change.name ?? before.name, script: change.script ?? before.script };
    await client.query({
      name: 'change_sandbox',
      text: 'update sandboxes set name = $2, script = $3, updated_at = now() where id = $1',
      values: [uuidOf(sandboxId), after.name, after.script],
    });
    const fields = changedFields(['name', 'script'], before, { ...before, ...after });
    const entry = Object.keys(fields.after).length > 0 ? { tenantId: before.tenantId, target: target(sandboxId), ...fields } : null;
    return { result: await readSandbox(client, sandboxId), entry };
  });
}

/** With what it received. False: no such sandbox. */
export async function deleteSandbox(db: Db, { id, tenantId, name }: StoredSandbox, audit: Audit): Promise<boolean> {
  return audited(db, audit, async (client) => {
    const { rowCount } = await client.query({ name: 'delete_sandbox', text: 'delete from sandboxes where id = $1', values: [uuidOf(id)] });
    const entry = { tenantId, target: target(id), before: { name }, after: null };
    return { result: rowCount === 1, entry: rowCount === 1 ? entry : null };
  });
}
