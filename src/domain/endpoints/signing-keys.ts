// Signing keys: a tenant's ed25519 key pairs, their rotation, and the JWKS document. The caller
// passes the time.
import { z } from 'zod';
import { durationMs, durationOrNone } from '../deliveries/retry-schedule.ts';

/** When a key signs. All times are milliseconds of the same clock. */
export interface KeyTimes {
  signsFromMs: number;
  signsUntilMs: number | null;
}

/** The keys that sign at `nowMs`, newest first. */
export function signersAt<K extends KeyTimes>(keys: readonly K[], nowMs: number): K[] {
  return keys
    .filter(({ signsFromMs, signsUntilMs }) => signsFromMs <= nowMs && (signsUntilMs === null || nowMs < signsUntilMs))
    .toSorted((a, b) => b.signsFromMs - a.signsFromMs);
}

const longestPublishMs = 30 * 86_400_000;
const longestOverlapMs = 7 * 86_400_000;
/** A shorter overlap is a mistake: caches and processes would learn of the new key too late. */
const leastOverlapMs = 60_000;

export const keyRotation = z.strictObject({
  publishFor: durationOrNone
    .refine((text) => durationMs(text) <= longestPublishMs, 'must be at most 30d')
    .optional()
    .describe('how long the new public key is published before it signs, so that caches can load it: 24h by default, at most 30d'),
  overlap: durationOrNone
    .refine((text) => durationMs(text) <= longestOverlapMs, 'must be at most 7d')
    .refine((text) => durationMs(text) === 0 || durationMs(text) >= leastOverlapMs, 'must be 0, or at least 1m')
    .optional()
    .describe('how long the previous keys still sign after that: 24h by default, 1m to 7d, or 0; 0 for both fields ends them at once'),
});

export const signingKey = z.object({
  id: z.string().describe('id of the key, which is the kid of its JWK'),
  tenant: z.string().describe('tenant whose endpoints it signs for'),
  publicKey: z.string().describe('public key: whpk_ and base64'),
  publishedAt: z.iso.datetime(),
  signsFrom: z.iso.datetime(),
  aloneFrom: z.iso.datetime().describe('when the previous keys stop signing'),
  signsUntil: z.iso.datetime().nullable().describe('null: until the next rotation'),
  publishedUntil: z.iso.datetime().nullable(),
});
export type SigningKey = z.infer<typeof signingKey>;

export const jwks = z.object({
  keys: z.array(
    z.object({
      kty: z.literal('OKP'),
      crv: z.literal('Ed25519'),
      kid: z.string(),
      use: z.literal('sig'),
      alg: z.literal('EdDSA'),
      x: z.string(),
      nbf: z.int().describe('start of signing, in seconds since 1970'),
      exp: z.int().optional().describe('end of signing, in seconds since 1970'),
    }),
  ),
});
export type Jwks = z.infer<typeof jwks>;
