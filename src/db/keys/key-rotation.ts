// Rotates signing keys. Publishing a key writes all times of its rotation, so that every process
// and every reader of the public keys knows them in advance. Later steps only read them or undo the
// rotation.

import type { SigningKey } from '#domain/endpoints/signing-keys';
import { idOf, uuidOf } from '#domain/ids';
import { type Audit, appendAudit } from '../audit/audit.ts';
import { type Db, inTransaction } from '../store/pool.ts';
import { ensureTenantKey, readSigningKey, type SealedKeyPair } from './signing-keys.ts';

/** How long an ended key stays published: the requests it signed last may still be on their way. */
const keptMs = 3_600_000;

/** How many keys of a tenant may be published at once and made in an hour: every reader has to hold them all. */
export interface KeyLimits {
  published: number;
  anHour: number;
}
const usualLimits: KeyLimits = { published: 5, anHour: 20 };

export interface KeyRotation {
  key: SealedKeyPair;
  tenantId: string;
  publishForMs: number;
  overlapMs: number;
}

/** Why no key was published: a rotation is in progress, or there are too many keys. */
export type NotPublished = 'under_way' | 'too_many';

/**
 * Publishes a key that replaces the tenant's keys. `under_way`: an earlier new key has not replaced the others yet;
 * nothing was changed. Meanwhile, and with too many keys published, only a rotation that ends all others at once is
 * possible. Run twice: the second run finds the key and changes nothing.
 */
export function publishKey(
  db: Db,
  { key, tenantId, publishForMs, overlapMs }: KeyRotation,
  audit?: Audit,
  limits = usualLimits,
): Promise<SigningKey | NotPublished> {
  const owner = uuidOf(tenantId);
  const atOnce = publishForMs + overlapMs === 0;
  return inTransaction(db, async (client) => {
    await client.query('lock table signing_keys in share row exclusive mode');
    const known = await readSigningKey(client, key.keyId);
    if (known) return known;
    const { rows } = await client.query<{ under_way: boolean; preceded: boolean }>(
      `select coalesce(bool_or(alone_from > now()), false) as under_way, count(*) > 0 as preceded
       from signing_keys where tenant_id = $1 and (signs_until is null or signs_until > now())`,
      [owner],
    );
    if (rows[0]?.under_way && !atOnce) return 'under_way';
    const there = await countKeys(client, owner);
    if (there.made >= limits.anHour || (there.published >= limits.published && !atOnce)) return 'too_many';
    // a tenant's first key has no other key to wait for
    const waits = rows[0]?.preceded ? { publishForMs, overlapMs } : { publishForMs: 0, overlapMs: 0 };
    await insertKey(client, key, owner, waits);
    await endOthers(client, key.keyId, owner, atOnce ? 0 : keptMs);
    const published = await readSigningKey(client, key.keyId);
    if (!published) return 'under_way';
    const { id, publicKey: _shown, tenant: _owner, ...dates } = published;
    if (audit) await appendAudit(client, audit, { tenantId, target: { kind: 'signing_key', id }, before: null, after: dates });
    return published;
  });
}

async function countKeys(db: Pick<Db, 'query'>, owner: string): Promise<{ published: number; made: number }> {
  const { rows } = await db.query<{ published: number; made: number }>(
    `select count(*) filter (where published_until is null or published_until > now())::int as published,
       count(*) filter (where published_at > now() - interval '1 hour')::int as made
     from signing_keys where tenant_id = $1`,
    [owner],
  );
  return rows[0] ?? { published: 0, made: 0 };
}

async function insertKey(
  db: Pick<Db, 'query'>,
  { keyId, publicKey, sealed }: SealedKeyPair,
  owner: string,
  { publishForMs, overlapMs }: { publishForMs: number; overlapMs: number },
): Promise<void> {
  await db.query(
    `insert into signing_keys (id, tenant_id, public_key, sealed, signs_from, alone_from)
     values ($1, $2, $3, $4, now() + $5 * interval '1 millisecond', now() + $6 * interval '1 millisecond')`,
    [uuidOf(keyId), owner, publicKey, sealed, publishForMs, publishForMs + overlapMs],
  );
}

/**
 * Ends the other keys. `stayMs`: how long they stay published after that; 0 for a leaked key, which nobody may trust
 * any more.
 */
async function endOthers(db: Pick<Db, 'query'>, keyId: string, owner: string, stayMs: number): Promise<void> {
  await db.query(
    `update signing_keys k set signs_until = least(k.signs_until, n.alone_from), published_until = n.alone_from + $3 * interval '1 millisecond'
     from signing_keys n
     where n.id = $1 and k.id <> n.id and k.tenant_id = $2 and (k.signs_until is null or k.signs_until > n.alone_from
       -- a key that ended earlier and is still published may be the one that leaked
       or ($3 = 0 and k.published_until > n.alone_from))`,
    [uuidOf(keyId), owner, stayMs],
  );
}

/**
 * Undoes a rotation: the key ends now and the keys before it stay in use. False: it is too late, or there is no such
 * key.
 */
export function takeBackKey(db: Db, keyId: string, audit?: Audit): Promise<boolean> {
  return inTransaction(db, async (client) => {
    await client.query('lock table signing_keys in share row exclusive mode');
    const { rows } = await client.query<{ tenant_id: string }>(
      `with back as (
         update signing_keys set signs_until = now(),
           published_until = case when signs_from > now() then now() else now() + $2 * interval '1 millisecond' end
         where id = $1 and alone_from > now() and (signs_until is null or signs_until > now())
         returning id, tenant_id, alone_from
       ), others as (
         update signing_keys k set signs_until = null, published_until = null
         from back b where k.id <> b.id and k.tenant_id = b.tenant_id and k.signs_until = b.alone_from
       )
       select tenant_id from back`,
      [uuidOf(keyId), keptMs],
    );
    const [back] = rows;
    const target = { kind: 'signing_key', id: keyId };
    if (back && audit) await appendAudit(client, audit, { tenantId: idOf('tnt', back.tenant_id), target, before: null, after: null });
    return back !== undefined;
  });
}

export interface RotationTimes {
  /** Milliseconds from now; 0 or less: in the past. */
  signsInMs: number;
  aloneInMs: number;
  /** Until the keys before it are no longer published. */
  othersGoneInMs: number;
  /** The rotation was undone, or another key has replaced this one. */
  ended: boolean;
}

/** Null: no such key. */
export async function readRotation(db: Db, keyId: string): Promise<RotationTimes | null> {
  const { rows } = await db.query<{ signs_in_ms: number; alone_in_ms: number; others_gone_in_ms: number; ended: boolean }>({
    name: 'read_rotation',
    text: `
      select extract(epoch from k.signs_from - now())::float8 * 1000 as signs_in_ms, extract(epoch from k.alone_from - now())::float8 * 1000 as alone_in_ms,
        coalesce((select extract(epoch from max(o.published_until) - now())::float8 * 1000 from signing_keys o
          where o.id <> k.id and o.tenant_id = k.tenant_id and o.signs_until = k.alone_from), 0) as others_gone_in_ms,
        coalesce(k.signs_until <= now(), false) as ended
      from signing_keys k where k.id = $1`,
    values: [uuidOf(keyId)],
  });
  const [row] = rows;
  return row ? { signsInMs: row.signs_in_ms, aloneInMs: row.alone_in_ms, othersGoneInMs: row.others_gone_in_ms, ended: row.ended } : null;
}

/**
 * Writes signing keys with the rights of the tables' owner, also for callers bound to a tenant: tenants may not write
 * keys.
 */
export interface KeyStore {
  publish(rotation: KeyRotation, audit: Audit): Promise<SigningKey | NotPublished>;
  /** Makes the tenant's first key pair unless it has one. */
  ensureTenantKey(tenantId: string, makeKey: () => SealedKeyPair): Promise<void>;
}

export function createKeyStore(db: Db): KeyStore {
  return {
    publish: (rotation, audit) => publishKey(db, rotation, audit),
    ensureTenantKey: (tenantId, makeKey) => ensureTenantKey(db, tenantId, makeKey),
  };
}
