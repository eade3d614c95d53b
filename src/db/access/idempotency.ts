// Idempotency keys: which request runs, its stored answer, and the seed of its ids. A claim lasts
// 10 s and is renewed while the request runs. After a crash it expires, and the next request takes
// over with the same seed.
import { idOf, uuidOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';

export interface KeyRef {
  scope: string;
  key: string;
}

export interface Claim extends KeyRef {
  /** A UUID that identifies this run. */
  claim: string;
  /** A keyed hash: a request may hold a secret that could be guessed. */
  requestHash: Uint8Array;
  /** An id whose UUID becomes the seed, unless the key has one. */
  seed: string;
}

export type Claimed =
  | { kind: 'mine'; seed: string }
  | { kind: 'running' }
  | { kind: 'other_request' }
  | { kind: 'answered'; status: number; sealedResponse: Uint8Array };

interface KeyRow {
  request_hash: Buffer;
  status: number | null;
  response: Buffer | null;
}

/**
 * Claims the key, or returns why not. A run that takes over makes the same ids, so it finds what the run before had
 * committed. If that was only slow, both runs together create one thing.
 */
export async function claimKey(db: Db, { scope, key, claim, requestHash, seed }: Claim): Promise<Claimed> {
  const taken = await db.query<{ seed: string }>({
    name: 'claim_key',
    text: `
      insert into idempotency_keys as k (scope, key, request_hash, seed, claim, claimed_until)
      values ($1, $2, $3, $4, $5, now() + interval '10 seconds')
      on conflict (scope, key) do update set
        request_hash = excluded.request_hash, claim = excluded.claim, claimed_until = excluded.claimed_until, status = null, response = null,
        seed = case when k.created_at < now() - interval '24 hours' then excluded.seed else k.seed end,
        created_at = case when k.created_at < now() - interval '24 hours' then now() else k.created_at end
      where k.created_at < now() - interval '24 hours'
        or (k.status is null and k.claimed_until < now() and k.request_hash = excluded.request_hash)
      returning seed`,
    values: [scope, key, requestHash, uuidOf(seed), claim],
  });
  if (taken.rows[0]) return { kind: 'mine', seed: idOf('evt', taken.rows[0].seed) };
  const { rows } = await db.query<KeyRow>({
    name: 'read_key',
    text: 'select request_hash, status, response from idempotency_keys where scope = $1 and key = $2',
    values: [scope, key],
  });
  const [row] = rows;
  // deleted between the two statements: the caller tries again
  if (!row) return { kind: 'running' };
  if (!row.request_hash.equals(requestHash)) return { kind: 'other_request' };
  return row.status !== null && row.response ? { kind: 'answered', status: row.status, sealedResponse: row.response } : { kind: 'running' };
}

/** Extends the claim to 10 s from now. */
export async function renewClaim(db: Db, { scope, key }: KeyRef, claim: string): Promise<void> {
  await db.query({
    name: 'renew_claim',
    text: `update idempotency_keys set claimed_until = now() + interval '10 seconds' where scope = $1 and key = $2 and claim = $3 and status is null`,
    values: [scope, key, claim],
  });
}

export async function storeAnswer(
  db: Db,
  { scope, key }: KeyRef,
  claim: string,
  status: number,
  sealedResponse: Uint8Array,
): Promise<void> {
  await db.query({
    name: 'store_answer',
    text: 'update idempotency_keys set status = $4, response = $5 where scope = $1 and key = $2 and claim = $3',
    values: [scope, key, claim, status, sealedResponse],
  });
}

/** Deletes the key after its request was refused and changed nothing: the key counts as never used. */
export async function freeKey(db: Db, { scope, key }: KeyRef, claim: string): Promise<void> {
  await db.query({
    name: 'free_key',
    text: 'delete from idempotency_keys where scope = $1 and key = $2 and claim = $3',
    values: [scope, key, claim],
  });
}

/** Ends the claim at once when the outcome of the request is unknown: a repeat takes over, with the same seed. */
export async function abandonClaim(db: Db, { scope, key }: KeyRef, claim: string): Promise<void> {
  await db.query({
    name: 'abandon_claim',
    text: `update idempotency_keys set claimed_until = now() - interval '1 second' where scope = $1 and key = $2 and claim = $3 and status is null`,
    values: [scope, key, claim],
  });
}
