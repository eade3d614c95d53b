// Portal links: create, list, find and revoke. The token of a link is signed and not stored; it is
// valid only as long as its row is.
import type { Scope } from '#domain/access/access';
import type { PortalLink } from '#domain/access/portal-link';
import { idOf, uuidOf } from '#domain/ids';
import { type Audit, audited } from '../audit/audit.ts';
import type { Db } from '../store/pool.ts';
import type { Credential } from './api-keys.ts';
import { holdMaker } from './key-descendants.ts';

export interface PortalLinkToCreate {
  linkId: string;
  tenantId: string;
  scopes: Scope[];
  /** Whole seconds, as in tokens. */
  expiresAt: Date;
  createdBy: string;
}

interface PortalLinkRow {
  id: string;
  tenant: string;
  scopes: Scope[];
  expires_at: Date;
  revoked_at: Date | null;
  created_at: Date;
  created_by: string;
}

/** Creates a link. Run twice with the same id: the second run returns the link of the first. */
export async function createPortalLink(
  db: Db,
  { linkId, tenantId, scopes, expiresAt, createdBy }: PortalLinkToCreate,
  audit: Audit,
): Promise<PortalLink | null> {
  await audited(db, audit, async (client) => {
    await holdMaker(client, createdBy);
    const { rowCount } = await client.query({
      name: 'create_portal_link',
      text: `
        insert into portal_links (id, tenant_id, scopes, expires_at, created_by) values ($1, $2, $3, $4, $5) on conflict do nothing`,
      values: [uuidOf(linkId), uuidOf(tenantId), scopes, expiresAt, createdBy],
    });
    const target = { kind: 'portal_link', id: linkId };
    const after = { scopes, expiresAt: expiresAt.toISOString() };
    return { result: null, entry: rowCount === 1 ? { tenantId, target, before: null, after } : null };
  });
  const { rows } = await db.query<PortalLinkRow>({
    name: 'read_portal_link',
    text: `
      select l.id, t.external_id as tenant, l.scopes, l.expires_at, l.revoked_at, l.created_at, l.created_by
      from portal_links l join tenants t on t.id = l.tenant_id where l.id = $1`,
    values: [uuidOf(linkId)],
  });
  return rows[0] ? toPortalLink(rows[0]) : null;
}

/** Links older than `before`, newest first, including revoked ones. `tenantId` null: of all tenants. */
export async function listPortalLinks(db: Db, tenantId: string | null, before: string | null, limit: number): Promise<PortalLink[]> {
  const { rows } = await db.query<PortalLinkRow>({
    text: `
      select l.id, t.external_id as tenant, l.scopes, l.expires_at, l.revoked_at, l.created_at, l.created_by
      from portal_links l join tenants t on t.id = l.tenant_id
      where ($1::uuid is null or l.tenant_id = $1) and l.id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
      order by l.id desc limit $3`,
    values: [tenantId && uuidOf(tenantId), before && uuidOf(before), limit],
  });
  return rows.map(toPortalLink);
}

/**
 * False: no such link. A link that is already revoked stays as it is. `tenantId` not null: only a link of this tenant.
 */
export async function revokePortalLink(db: Db, linkId: string, tenantId: string | null, audit: Audit): Promise<boolean> {
  return audited(db, audit, async (client) => {
    const { rows } = await client.query<{ tenant_id: string; expires_at: Date; live: boolean }>({
      name: 'revoke_portal_link',
      text: `
        with before as (
          select id, revoked_at from portal_links where id = $1 and ($2::uuid is null or tenant_id = $2) for no key update
        )
        update portal_links l set revoked_at = coalesce(l.revoked_at, now()) from before b where l.id = b.id
        returning l.tenant_id, l.expires_at, b.revoked_at is null as live`,
      values: [uuidOf(linkId), tenantId && uuidOf(tenantId)],
    });
    const [row] = rows;
    if (!row?.live) return { result: row !== undefined, entry: null };
    const before = { expiresAt: row.expires_at.toISOString() };
    return {
      result: true,
      entry: { tenantId: idOf('tnt', row.tenant_id), target: { kind: 'portal_link', id: linkId }, before, after: null },
    };
  });
}

/** One result per id, in order. Null: unknown or revoked, or its tenant was deleted. Expired links are returned. */
export async function findPortalLinks(db: Db, linkIds: string[]): Promise<(Credential | null)[]> {
  const { rows } = await db.query<Pick<PortalLinkRow, 'id' | 'tenant' | 'scopes' | 'expires_at'> & { tenant_id: string }>({
    name: 'find_portal_links',
    text: `
      select l.id, l.scopes, l.expires_at, t.id as tenant_id, t.external_id as tenant
      from portal_links l join tenants t on t.id = l.tenant_id
      where l.id = any($1::uuid[]) and l.revoked_at is null and t.deleted_at is null`,
    values: [linkIds.map(uuidOf)],
  });
  const found = new Map(rows.map((row) => [idOf('lnk', row.id), row]));
  return linkIds.map((id) => {
    const row = found.get(id);
    if (!row) return null;
    const tenant = { id: idOf('tnt', row.tenant_id), key: row.tenant };
    return {
      caller: { kind: 'portal_link', id, tenant, scopes: row.scopes },
      cidrs: [],
      rateLimit: null,
      expiresAtMs: row.expires_at.getTime(),
      lastUsedAtMs: null,
    };
  });
}

function toPortalLink(row: PortalLinkRow): PortalLink {
  return {
    id: idOf('lnk', row.id),
    tenant: row.tenant,
    scopes: row.scopes,
    expiresAt: row.expires_at.toISOString(),
    revokedAt: row.revoked_at?.toISOString() ?? null,
    createdAt: row.created_at.toISOString(),
    createdBy: row.created_by,
  };
}
