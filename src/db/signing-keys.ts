// Key pairs that sign for endpoints, sealed by the vault under their own id, and their rotation. Writers take turns.
import { idOf, uuidOf } from '../domain/ids.ts';
import type { KeyTimes, SigningKey } from '../domain/signing-keys.ts';
import { appendAudit, bySystem } from './audit.ts';
import { type Db, inTransaction } from './pool.ts';

export interface SealedKeyPair {
  keyId: string;
  publicKey: Uint8Array;
  /** Its seed, sealed with `keyId` as context. */
  sealed: Uint8Array;
}

/** Times in milliseconds from when they were read. */
export interface HeldKey extends KeyTimes {
  keyId: string;
  sealed: Buffer;
}

/** What signs for a tenant, now or later, and the version at which it was so. */
export async function readHeldKeys(db: Db, tenantId: string): Promise<{ version: number; keys: HeldKey[] }> {
  const { rows } = await db.query<HeldRow & { version: number }>({
    name: 'read_held_keys',
    text: `
      select v.version, k.id, k.sealed, k.tenant_id is not null as own,
        extract(epoch from k.signs_from - now())::float8 * 1000 as signs_from_ms, extract(epoch from k.alone_from - now())::float8 * 1000 as alone_from_ms,
        extract(epoch from k.signs_until - now())::float8 * 1000 as signs_until_ms
      from signing_keys_version v
      left join signing_keys k on (k.tenant_id = $1 or k.tenant_id is null) and k.sealed is not null and (k.signs_until is null or k.signs_until > now())`,
    values: [uuidOf(tenantId)],
  });
  const keys = rows.flatMap((row): HeldKey[] =>
    row.id === null
      ? []
      : [
          {
            keyId: idOf('sgk', row.id),
            sealed: row.sealed,
            own: row.own,
            signsFromMs: row.signs_from_ms,
            aloneFromMs: row.alone_from_ms,
            signsUntilMs: row.signs_until_ms,
          },
        ],
  );
  return { version: rows[0]?.version ?? 0, keys };
}

interface HeldRow {
  id: string | null;
  sealed: Buffer;
  own: boolean;
  signs_from_ms: number;
  alone_from_ms: number;
  signs_until_ms: number | null;
}

export async function readSigningKeysVersion(db: Db): Promise<number> {
  const { rows } = await db.query<{ version: number }>({
    name: 'read_signing_keys_version',
    text: 'select version from signing_keys_version',
  });
  return rows[0]?.version ?? 0;
}

/**
 * The keys that are published for anybody, of these tenants (the producer's ids), and with null of the platform, the newest first. One statement for as many
 * as ask at once.
 */
export async function listPublished(db: Pick<Db, 'query'>, owners: (string | null)[]): Promise<SigningKey[][]> {
  const { rows } = await db.query<KeyRow>({
    name: 'list_published_keys',
    text: `
      select ${keyColumns}
      from signing_keys k left join tenants t on t.id = k.tenant_id
      where (k.tenant_id is null or k.tenant_id in (select id from tenants where external_id = any($1::text[]) and deleted_at is null))
        and (k.published_until is null or k.published_until > now())
      order by k.signs_from desc, k.id desc`,
    values: [owners.filter((owner) => owner !== null)],
  });
  const byOwner = Map.groupBy(rows, ({ tenant }) => tenant);
  return owners.map((owner) => (byOwner.get(owner) ?? []).map(toKey));
}

/** The keys that are published, the newest first: those of a tenant (its id), or with null those of the platform. */
export async function listSigningKeys(db: Pick<Db, 'query'>, tenantId: string | null): Promise<SigningKey[]> {
  const { rows } = await db.query<KeyRow>({
    name: 'list_signing_keys',
    text: `
      select ${keyColumns}
      from signing_keys k left join tenants t on t.id = k.tenant_id
      where k.tenant_id is not distinct from $1::uuid and (k.published_until is null or k.published_until > now())
      order by k.signs_from desc, k.id desc`,
    values: [tenantId && uuidOf(tenantId)],
  });
  return rows.map(toKey);
}

/** Null: no such key. */
export async function readSigningKey(db: Pick<Db, 'query'>, keyId: string): Promise<SigningKey | null> {
  const { rows } = await db.query<KeyRow>({
    name: 'read_signing_key',
    text: `select ${keyColumns} from signing_keys k left join tenants t on t.id = k.tenant_id where k.id = $1`,
    values: [uuidOf(keyId)],
  });
  return rows[0] ? toKey(rows[0]) : null;
}

const keyColumns =
  'k.id, t.external_id as tenant, k.public_key, k.published_at, k.signs_from, k.alone_from, k.signs_until, k.published_until';

interface KeyRow {
  id: string;
  tenant: string | null;
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

/** Makes this the platform's key, which signs at once, unless it has one. */
export async function ensurePlatformKey(db: Db, makeKey: () => SealedKeyPair): Promise<void> {
  const isThere = 'select from signing_keys where tenant_id is null and signs_until is null limit 1';
  if ((await db.query({ name: 'platform_key', text: isThere })).rowCount !== 0) return;
  await inTransaction(db, async (client) => {
    await client.query('lock table signing_keys in share row exclusive mode');
    if ((await client.query(isThere)).rowCount !== 0) return;
    const { keyId, publicKey, sealed } = makeKey();
    await client.query('insert into signing_keys (id, public_key, sealed) values ($1, $2, $3)', [uuidOf(keyId), publicKey, sealed]);
    const target = { kind: 'signing_key', id: keyId };
    await appendAudit(client, bySystem('signing_key.rotate'), { tenantId: null, target, before: null, after: { first: true } });
  });
}

const keptDays = 30;

/** What has been out of sight, or was of a tenant that is no more, is gone: its private key is forgotten at once, its row later. Harmless to repeat. */
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
