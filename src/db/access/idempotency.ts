// Idempotency keys: who runs a request, what it answered, and the seed its ids are made of.
//
// A key is claimed for 10 s at a time and the claim renewed while the request runs. What if its process dies? The claim runs out, the next request
// takes it over with the same seed, and so makes the same ids: what the first had committed is found, not made again. What if the first was only
// slow? Then both run with the same seed, and make one thing.
import { idOf, uuidOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';

export interface KeyRef {
  scope: string;
  key: string;
}

export interface Claim extends KeyRef {
  /** A UUID that names this run. */
  claim: string;
  /** Keyed: a request may hold a secret that could be guessed. */
  requestHash: Uint8Array;
  /** As keys from before migration 13 have it. */
  unkeyedHash: Uint8Array;
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

/** Takes the key, or says why not. */
export async function claimKey(db: Db, { scope, key, claim, requestHash, unkeyedHash, seed }: Claim): Promise<Claimed> {
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
        or (k.status is null and k.claimed_until < now() and k.request_hash in (excluded.request_hash, $6))
      returning seed`,
    values: [scope, key, requestHash, uuidOf(seed), claim, unkeyedHash],
  });
  if (taken.rows[0]) return { kind: 'mine', seed: idOf('evt', taken.rows[0].seed) };
  const { rows } = await db.query<KeyRow>({
    name: 'read_key',
    text: 'select request_hash, status, response from idempotency_keys where scope = $1 and key = $2',
    values: [scope, key],
  });
  const [row] = rows;
  // freed between the two statements: the caller asks again
  if (!row) return { kind: 'running' };
  if (![requestHash, unkeyedHash].some((hash) => row.request_hash.equals(hash))) return { kind: 'other_request' };
  return row.status !== null && row.response ? { kind: 'answered', status: row.status, sealedResponse: row.response } : { kind: 'running' };
}

/** Holds the claim for another 10 s. */
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

/** The request was refused and changed nothing: the key is as if it had never been used. */
export async function freeKey(db: Db, { scope, key }: KeyRef, claim: string): Promise<void> {
  await db.query({
    name: 'free_key',
    text: 'delete from idempotency_keys where scope = $1 and key = $2 and claim = $3',
    values: [scope, key, claim],
  });
}

/** Nobody knows what the request did: whoever repeats it takes over at once, with the same seed. */
export async function abandonClaim(db: Db, { scope, key }: KeyRef, claim: string): Promise<void> {
  await db.query({
    name: 'abandon_claim',
    text: `update idempotency_keys set claimed_until = now() - interval '1 second' where scope = $1 and key = $2 and claim = $3 and status is null`,
    values: [scope, key, claim],
  });
}
