// Key pairs that sign for the endpoints of their tenant. Times are handed in.
import { z } from 'zod';
import { durationMs, durationOrNone } from './retry-schedule.ts';

/** When a key signs, in milliseconds of one and the same clock. */
export interface KeyTimes {
  signsFromMs: number;
  signsUntilMs: number | null;
}

/** Of a tenant's keys those that sign now, the newest first. */
export function signersAt<K extends KeyTimes>(keys: readonly K[], nowMs: number): K[] {
  return keys
    .filter(({ signsFromMs, signsUntilMs }) => signsFromMs <= nowMs && (signsUntilMs === null || nowMs < signsUntilMs))
    .toSorted((a, b) => b.signsFromMs - a.signsFromMs);
}

const longestPublishMs = 30 * 86_400_000;
const longestOverlapMs = 7 * 86_400_000;
/** Less is a mistake: no cache and no process would know in time. */
const leastOverlapMs = 60_000;

export const keyRotation = z.strictObject({
  publishFor: durationOrNone
    .refine((text) => durationMs(text) <= longestPublishMs, 'at most 30d')
    .optional()
    .describe('how long the new public key is published before it signs, so that caches know it: 24h by default, at most 30d'),
  overlap: durationOrNone
    .refine((text) => durationMs(text) <= longestOverlapMs, 'at most 7d')
    .refine((text) => durationMs(text) === 0 || durationMs(text) >= leastOverlapMs, 'must be 0, or 1m at least')
    .optional()
    .describe('how long the keys before it then go on signing, 24h by default, 1m to 7d, or 0; 0 for both ends them at once'),
});

export const signingKey = z.object({
  id: z.string().describe('the kid of its JWK'),
  tenant: z.string().describe('for whose endpoints it signs'),
  publicKey: z.string().describe('whpk_ and base64'),
  publishedAt: z.iso.datetime(),
  signsFrom: z.iso.datetime(),
  aloneFrom: z.iso.datetime().describe('when the keys before it have ended'),
  signsUntil: z.iso.datetime().nullable().describe('null: until another takes its place'),
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
      nbf: z.int().describe('it signs from then, in seconds since 1970'),
      exp: z.int().optional().describe('it signs until then'),
    }),
  ),
});
export type Jwks = z.infer<typeof jwks>;
