// Signing secrets of endpoints, encrypted by the vault with their id as context.

import type { Signing } from '#domain/endpoints/signing';
import { idOf, uuidOf } from '#domain/ids';
import { type Audit, appendAudit } from '../audit/audit.ts';
import { type Db, inTransaction } from '../store/pool.ts';

export interface SealedSecret {
  secretId: string;
  /** The secret, encrypted with `secretId` as context: decrypt it with `openSecret(vault, secretId, sealed)`. */
  sealed: Uint8Array;
}

export interface SecretTimes {
  /** `sec_…` */
  id: string;
  /** ISO 8601. */
  validFrom: string;
  endsAt: string | null;
}

/**
 * The secrets that sign now, newest first. Includes one that was made while the caller's transaction waited for its
 * lock.
 */
export async function liveSecrets(db: Pick<Db, 'query'>, endpointId: string): Promise<SealedSecret[]> {
  const { rows } = await db.query<{ id: string; sealed: Buffer }>({
    name: 'live_secrets',
    text: `
      select id, sealed from endpoint_secrets
      where endpoint_id = $1 and valid_from <= statement_timestamp() and (valid_to is null or valid_to > statement_timestamp())
      order by valid_from desc, id desc limit 10`,
    values: [uuidOf(endpointId)],
  });
  return rows.map((row) => ({ secretId: idOf('sec', row.id), sealed: row.sealed }));
}

/** When each secret that signs now began, and when it ends. Newest first. Null: there is no such endpoint. */
export async function liveSecretTimes(db: Pick<Db, 'query'>, endpointId: string): Promise<SecretTimes[] | null> {
  const { rows } = await db.query<{ id: string | null; valid_from: Date; valid_to: Date | null }>({
    name: 'live_secret_times',
    text: `
      select s.id, s.valid_from, s.valid_to
      from endpoints e
      left join endpoint_secrets s on s.endpoint_id = e.id
        and s.valid_from <= statement_timestamp() and (s.valid_to is null or s.valid_to > statement_timestamp())
      where e.id = $1 and e.deleted_at is null
      order by s.valid_from desc, s.id desc`,
    values: [uuidOf(endpointId)],
  });
  if (rows.length === 0) return null;
  return rows.flatMap(({ id, valid_from, valid_to }) =>
    id === null ? [] : [{ id: idOf('sec', id), validFrom: valid_from.toISOString(), endsAt: valid_to?.toISOString() ?? null }],
  );
}

/** A secret, whether it signs now or not. */
export async function readSecret(db: Pick<Db, 'query'>, secretId: string): Promise<SealedSecret | null> {
  const { rows } = await db.query<{ sealed: Buffer }>({
    name: 'read_secret',
    text: 'select sealed from endpoint_secrets where id = $1',
    values: [uuidOf(secretId)],
  });
  const [row] = rows;
  return row ? { secretId, sealed: row.sealed } : null;
}

export interface Rotation {
  endpointId: string;
  secretId: string;
  /**
   * Makes and encrypts the secret for the endpoint's signing, given the other live secrets. Called under the endpoint's
   * lock. An error that it throws rolls everything back.
   */
  seal(signing: Signing | null, others: SealedSecret[]): Uint8Array;
  overlapMs: number;
  maxLive: number;
}

/**
 * Adds a secret and ends the others after the overlap, unless they end earlier. `too_many`: nothing was changed. Run
 * twice: the second run finds the secret and changes nothing.
 */
export function rotateSecret(
  db: Db,
  { endpointId, secretId, seal, overlapMs, maxLive }: Rotation,
  audit?: Audit,
): Promise<'rotated' | 'too_many' | 'unknown'> {
  return inTransaction(db, async (client) => {
    const { rows } = await client.query<{ signing: Signing | null }>(
      'select signing from endpoints where id = $1 and deleted_at is null for update',
      [uuidOf(endpointId)],
    );
    if (!rows[0]) return 'unknown';
    if (await readSecret(client, secretId)) return 'rotated';
    await client.query(`insert into endpoint_secrets (id, endpoint_id, sealed, valid_from) values ($1, $2, $3, clock_timestamp())`, [
      uuidOf(secretId),
      uuidOf(endpointId),
      seal(rows[0].signing, await liveSecrets(client, endpointId)),
    ]);
    await client.query(
      `update endpoint_secrets set valid_to = least(valid_to, now() + $3 * interval '1 millisecond')
       where endpoint_id = $1 and id <> $2 and (valid_to is null or valid_to > now())`,
      [uuidOf(endpointId), uuidOf(secretId), overlapMs],
    );
    const live = await client.query<{ count: number }>(
      'select count(*) as count from endpoint_secrets where endpoint_id = $1 and (valid_to is null or valid_to > now())',
      [uuidOf(endpointId)],
    );
    if ((live.rows[0]?.count ?? 0) > maxLive) {
      throw new TooMany();
    }
    await client.query(`update endpoints set version = nextval('config_version'), updated_at = now() where id = $1`, [uuidOf(endpointId)]);
    const after = { secretId, overlapMs, live: live.rows[0]?.count };
    if (audit) await appendAudit(client, audit, { target: { kind: 'endpoint', id: endpointId }, before: null, after });
    return 'rotated' as const;
  }).catch((error) => {
    if (error instanceof TooMany) return 'too_many';
    throw error;
  });
}

/** Rolls the rotation back. */
class TooMany extends Error {}

/**
 * Ends a secret now. `newest`: it is the one that signs first, and nothing was changed. Run twice: the second run finds
 * it ended and changes nothing.
 */
export function endSecret(db: Db, endpointId: string, secretId: string, audit?: Audit): Promise<'ended' | 'newest' | 'unknown'> {
  return inTransaction(db, async (client) => {
    const locked = await client.query('select from endpoints where id = $1 and deleted_at is null for update', [uuidOf(endpointId)]);
    if (locked.rowCount === 0) return 'unknown';
    const { rows } = await client.query<{ id: string }>('select id from endpoint_secrets where endpoint_id = $1 and id = $2', [
      uuidOf(endpointId),
      uuidOf(secretId),
    ]);
    if (rows.length === 0) return 'unknown';
    const [newest] = await liveSecrets(client, endpointId);
    if (newest?.secretId === secretId) return 'newest';
    const { rowCount } = await client.query(
      'update endpoint_secrets set valid_to = now() where id = $1 and (valid_to is null or valid_to > now())',
      [uuidOf(secretId)],
    );
    if (rowCount === 0) return 'ended';
    await client.query(`update endpoints set version = nextval('config_version'), updated_at = now() where id = $1`, [uuidOf(endpointId)]);
    const entry = { target: { kind: 'endpoint', id: endpointId }, before: { secretId }, after: null };
    if (audit) await appendAudit(client, audit, entry);
    return 'ended';
  });
}
