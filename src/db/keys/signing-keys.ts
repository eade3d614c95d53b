// Signing key pairs, encrypted by the vault with their id as context. Writers lock the table, so
// that one writes at a time.

import type { KeyTimes, SigningKey } from '#domain/endpoints/signing-keys';
import { idOf, uuidOf } from '#domain/ids';
import { appendAudit, bySystem } from '../audit/audit.ts';
import { type Db, inTransaction } from '../store/pool.ts';

export interface SealedKeyPair {
  keyId: string;
  publicKey: Uint8Array;
  /** The seed of the private key, encrypted with `keyId` as context. */
  sealed: Uint8Array;
}

/** A private key; its times are milliseconds from when it was read. */
export interface HeldKey extends KeyTimes {
  keyId: string;
  sealed: Buffer;
}

/** The private keys that sign for a tenant now or later, and the version of all keys when they were read. */
export async function readHeldKeys(db: Db, tenantId: string): Promise<{ version: number; keys: HeldKey[] }> {
  const { rows } = await db.query<HeldRow & { version: number }>({
    name: 'read_held_keys',
    text: `
      select v.version, k.id, k.sealed, extract(epoch from k.signs_from - now())::float8 * 1000 as signs_from_ms,
        extract(epoch from k.signs_until - now())::float8 * 1000 as signs_until_ms
      from signing_keys_version v
      left join signing_keys k on k.tenant_id = $1 and k.sealed is not null and (k.signs_until is null or k.signs_until > now())`,
    values: [uuidOf(tenantId)],
  });
  const keys = rows.flatMap(({ id, sealed, signs_from_ms, signs_until_ms }): HeldKey[] =>
    id === null ? [] : [{ keyId: idOf('sgk', id), sealed, signsFromMs: signs_from_ms, signsUntilMs: signs_until_ms }],
  );
  return { version: rows[0]?.version ?? 0, keys };
}

interface HeldRow {
  id: string | null;
  sealed: Buffer;
  signs_from_ms: number;
  signs_until_ms: number | null;
}

export interface KeyChanges {
  version: number;
  /** Tenants whose keys have changed since; null: too many to list. */
  tenantIds: string[] | null;
}

const mostNamed = 1_000;

/** The tenants whose keys have changed since `version`, and the version now. */
export async function readKeyChanges(db: Db, version: number): Promise<KeyChanges> {
  const { rows } = await db.query<{ version: number; tenants: string[] }>({
    name: 'read_key_changes',
    text: `
      select v.version, array(select distinct k.tenant_id::text from signing_keys k where k.version > $1 limit $2) as tenants
      from signing_keys_version v`,
    values: [version, mostNamed + 1],
  });
  const { version: now = 0, tenants = [] } = rows[0] ?? {};
  return { version: now, tenantIds: tenants.length > mostNamed ? null : tenants.map((id) => idOf('tnt', id)) };
}

/** The published keys of each of these tenants (the producer's ids), newest first. One statement for all of them. */
export async function listPublished(db: Pick<Db, 'query'>, tenants: string[]): Promise<SigningKey[][]> {
  const { rows } = await db.query<KeyRow>({
    name: 'list_published_keys',
    text: `
      select ${keyColumns}
      from signing_keys k join tenants t on t.id = k.tenant_id
      where t.external_id = any($1::text[]) and t.deleted_at is null and (k.published_until is null or k.published_until > now())
      order by k.signs_from desc, k.id desc`,
    values: [tenants],
  });
  const byTenant = Map.groupBy(rows, ({ tenant }) => tenant);
  return tenants.map((tenant) => (byTenant.get(tenant) ?? []).map(toKey));
}

/** The published keys of a tenant (by its internal id), newest first. */
export async function listSigningKeys(db: Pick<Db, 'query'>, tenantId: string): Promise<SigningKey[]> {
  const { rows } = await db.query<KeyRow>({
    name: 'list_signing_keys',
    text: `
      select ${keyColumns}
      from signing_keys k join tenants t on t.id = k.tenant_id
      where k.tenant_id = $1 and (k.published_until is null or k.published_until > now())
      order by k.signs_from desc, k.id desc`,
    values: [uuidOf(tenantId)],
  });
  return rows.map(toKey);
}

/** Null: no such key. */
export async function readSigningKey(db: Pick<Db, 'query'>, keyId: string): Promise<SigningKey | null> {
  const { rows } = await db.query<KeyRow>({
    name: 'read_signing_key',
    text: `select ${keyColumns} from signing_keys k join tenants t on t.id = k.tenant_id where k.id = $1`,
    values: [uuidOf(keyId)],
  });
  return rows[0] ? toKey(rows[0]) : null;
}

const keyColumns =
  'k.id, t.external_id as tenant, k.public_key, k.published_at, k.signs_from, k.alone_from, k.signs_until, k.published_until';

interface KeyRow {
  id: string;
  tenant: string;
  public_key: Buffer;
  published_at: Date;
  signs_from: Date;
  alone_from: Date;
  signs_until: Date | null;
  published_until: Date | null;
}

function toKey(row: KeyRow): SigningKey {
  return {
    id: idOf('sgk', row.id),
    tenant: row.tenant,
    publicKey: `whpk_${row.public_key.toString('base64')}`,
    publishedAt: row.published_at.toISOString(),
    signsFrom: row.signs_from.toISOString(),
    aloneFrom: row.alone_from.toISOString(),
    signsUntil: row.signs_until?.toISOString() ?? null,
    publishedUntil: row.published_until?.toISOString() ?? null,
  };
}

/**
 * Gives a tenant its first key pair, which signs at once, unless a key signs already or will. A deleted tenant gets
 * none. If two calls run at once, the second finds the first one's key.
 */
export async function ensureTenantKey(db: Db, tenantId: string, makeKey: () => SealedKeyPair): Promise<void> {
  const isThere = 'select from signing_keys where tenant_id = $1 and sealed is not null and signs_until is null limit 1';
  const owner = [uuidOf(tenantId)];
  if ((await db.query({ name: 'tenant_key', text: isThere, values: owner })).rowCount !== 0) return;
  await inTransaction(db, async (client) => {
    await client.query('lock table signing_keys in share row exclusive mode');
    if ((await client.query(isThere, owner)).rowCount !== 0) return;
    const { keyId, publicKey, sealed } = makeKey();
    const { rowCount } = await client.query(
      'insert into signing_keys (id, tenant_id, public_key, sealed) select $2, id, $3, $4 from tenants where id = $1 and deleted_at is null',
      [...owner, uuidOf(keyId), publicKey, sealed],
    );
    if (rowCount === 0) return;
    const target = { kind: 'signing_key', id: keyId };
    await appendAudit(client, bySystem('signing_key.rotate'), { tenantId, target, before: null, after: { first: true } });
  });
}

const keptDays = 30;

/**
 * Forgets the private keys that are no longer published or belong to a deleted tenant. Deletes a key's row 30 days
 * after its publication ended. Safe to repeat.
 */
export async function forgetRetiredKeys(db: Pick<Db, 'query'>): Promise<void> {
  await db.query({
    name: 'forget_retired_keys',
    text: `
      update signing_keys set sealed = null
      where sealed is not null and (published_until <= now() or tenant_id in (select id from tenants where deleted_at is not null))`,
  });
  await db.query({
    name: 'delete_retired_keys',
    text: `delete from signing_keys where published_until < now() - $1 * interval '1 day'`,
    values: [keptDays],
  });
}
