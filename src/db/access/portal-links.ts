// Portal links: create, list, describe, find and revoke. The token of a link is signed and not stored; it is
// valid only as long as its row is.
import type { Scope } from '#domain/access/access';
import type { CurrentPortalLink, PortalLink } from '#domain/access/portal-link';
import { type NewPortalTheme, type StoredTheme, themeOf } from '#domain/access/portal-look';
import { idOf, uuidOf } from '#domain/ids';
import { type Audit, audited } from '../audit/audit.ts';
import type { Db } from '../store/pool.ts';
import type { Credential } from './api-keys.ts';
import { holdMaker } from './key-descendants.ts';
import { holdSession } from './sessions.ts';

export interface PortalLinkToCreate {
  linkId: string;
  tenantId: string;
  scopes: Scope[];
  theme: NewPortalTheme;
  language: PortalLink['language'];
  origins: string[];
  /** Whole seconds, as in tokens. */
  expiresAt: Date;
  createdBy: string;
}

interface PortalLinkRow {
  id: string;
  tenant: string;
  scopes: Scope[];
  theme: StoredTheme;
  has_logo: boolean;
  language: PortalLink['language'];
  origins: string[];
  expires_at: Date;
  revoked_at: Date | null;
  created_at: Date;
  created_by: string;
}

/** Creates a link. Run twice with the same id: the second run returns the link of the first. */
export async function createPortalLink(
  db: Db,
  { linkId, tenantId, scopes, theme: { logo, ...theme }, language, origins, expiresAt, createdBy }: PortalLinkToCreate,
  audit: Audit,
): Promise<PortalLink | null> {
  await audited(db, audit, async (client) => {
    await holdMaker(client, createdBy);
    await holdSession(client, audit.actor);
    const hash = logo === undefined ? null : await putLogo(client, tenantId, logo);
    const { rowCount } = await client.query({
      name: 'create_portal_link',
      text: `
        insert into portal_links (id, tenant_id, scopes, theme, logo_hash, language, origins, expires_at, created_by)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing`,
      values: [uuidOf(linkId), uuidOf(tenantId), scopes, theme, hash, language, origins, expiresAt, createdBy],
    });
    const target = { kind: 'portal_link', id: linkId };
    const after = { scopes, origins, expiresAt: expiresAt.toISOString() };
    return { result: null, entry: rowCount === 1 ? { tenantId, target, before: null, after } : null };
  });
  const { rows } = await db.query<PortalLinkRow>({
    name: 'read_portal_link',
    text: `
      select l.id, t.external_id as tenant, l.scopes, l.theme, l.logo_hash is not null as has_logo, l.language, l.origins, l.expires_at, l.revoked_at,
        l.created_at, l.created_by
      from portal_links l join tenants t on t.id = l.tenant_id where l.id = $1`,
    values: [uuidOf(linkId)],
  });
  return rows[0] ? toPortalLink(rows[0]) : null;
}

/** Returns the hash by which a link names its logo. Renews its use, so that no upkeep deletes it before the link is there. */
async function putLogo(client: Pick<Db, 'query'>, tenantId: string, image: string): Promise<Buffer | null> {
  const { rows } = await client.query<{ hash: Buffer }>({
    name: 'put_portal_logo',
    text: `
      insert into portal_logos (tenant_id, hash, image) values ($1, sha256(convert_to($2, 'UTF8')), $2)
      on conflict (tenant_id, hash) do update set used_at = now() returning hash`,
    values: [uuidOf(tenantId), image],
  });
  return rows[0]?.hash ?? null;
}

/** A link as its own portal sees it. Null: no such link. */
export async function readCurrentLink(db: Db, linkId: string): Promise<CurrentPortalLink | null> {
  const { rows } = await db.query<PortalLinkRow & { name: string; image: string | null }>({
    name: 'read_current_link',
    text: `
      select l.id, t.external_id as tenant, t.name, l.scopes, l.theme, l.language, l.origins, l.expires_at, g.image
      from portal_links l join tenants t on t.id = l.tenant_id
        left join portal_logos g on g.tenant_id = l.tenant_id and g.hash = l.logo_hash
      where l.id = $1`,
    values: [uuidOf(linkId)],
  });
  const [row] = rows;
  if (!row) return null;
  const { tenant, name, scopes, theme, language, origins, expires_at, image } = row;
  const look = { theme: { ...themeOf(theme), logo: image }, language, origins };
  return { id: linkId, tenant: { id: tenant, name }, scopes, ...look, expiresAt: expires_at.toISOString() };
}

/**
 * The sites that may embed these links, in order. Null: unknown, or none may. Expired and revoked links still name them, so
 * that the portal can say in its frame that they are.
 */
export async function readFrameOrigins(db: Db, linkIds: string[]): Promise<(string[] | null)[]> {
  const { rows } = await db.query<Pick<PortalLinkRow, 'id' | 'origins'>>({
    name: 'read_frame_origins',
    text: `select id, origins from portal_links where id = any($1::uuid[]) and origins <> '{}'`,
    values: [linkIds.map(uuidOf)],
  });
  const found = new Map(rows.map(({ id, origins }) => [idOf('lnk', id), origins]));
  return linkIds.map((id) => found.get(id) ?? null);
}

/** Links older than `before`, newest first, including revoked ones. `tenantId` null: of all tenants. */
export async function listPortalLinks(db: Db, tenantId: string | null, before: string | null, limit: number): Promise<PortalLink[]> {
  const { rows } = await db.query<PortalLinkRow>({
    text: `
      select l.id, t.external_id as tenant, l.scopes, l.theme, l.logo_hash is not null as has_logo, l.language, l.origins, l.expires_at, l.revoked_at,
        l.created_at, l.created_by
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
    theme: { ...themeOf(row.theme), logo: row.has_logo },
    language: row.language,
    origins: row.origins,
    expiresAt: row.expires_at.toISOString(),
    revokedAt: row.revoked_at?.toISOString() ?? null,
    createdAt: row.created_at.toISOString(),
    createdBy: row.created_by,
  };
}
