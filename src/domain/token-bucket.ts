// A rate, paced evenly: a bucket that fills at the rate and gives a token for each request. Time is whole milliseconds, such as those of Date.now().
//
// Over any second at most `burst + perSecond` are taken, whatever the times between the calls are. Who asks again after `waitMs` gets the whole rate,
// though wakes come a little late and a rate need not be whole milliseconds: a full bucket goes on with its next token for a moment (`brim`).
import type { RateLimit } from './lane-settings.ts';

export interface Bucket {
  /** With the part of the next one; may be a hair below 0. */
  tokens: number;
  atMs: number;
}

/** Sums of fractions are a little off: so much of a token may be missing. */
const tolerance = 1e-9;
/** How late a wake may be for nothing of the rate to be lost, also with a burst of 1. */
const lateMs = 20;
const skewMs = 1_000;

/** What a tenth of a second brings, and at least 1. */
export function defaultBurst(perSecond: number): number {
  return Math.max(1, Math.ceil(perSecond / 10));
}

/** A bucket after so long without sending: 0 ms, no token. */
export function bucketAfter({ perSecond, burst = defaultBurst(perSecond) }: RateLimit, idleMs: number, nowMs: number): Bucket {
  return { tokens: Math.min(burst, (Math.max(0, idleMs) * perSecond) / 1_000), atMs: nowMs };
}

/** A clock up to a second behind stands still until it has caught up; from one further behind, which was set back, time goes on. */
export function refilled({ tokens, atMs }: Bucket, limit: RateLimit, nowMs: number): Bucket {
  const ms = nowMs - atMs;
  if (ms < 0) return { tokens, atMs: ms < -skewMs ? nowMs : atMs };
  return { tokens: Math.min(brim(limit), tokens + (ms * limit.perSecond) / 1_000), atMs: nowMs };
}

/** One token, or none. Keep the bucket in either case. */
export function take(before: Bucket, limit: RateLimit, nowMs: number): { bucket: Bucket; taken: boolean } {
  const bucket = refilled(before, limit, nowMs);
  if (!hasToken(bucket)) return { bucket, taken: false };
  return { bucket: { tokens: bucket.tokens - 1, atMs: bucket.atMs }, taken: true };
}

/** Whole milliseconds until `take` succeeds; 0: at once. */
export function waitMs(before: Bucket, limit: RateLimit, nowMs: number): number {
  const bucket = refilled(before, limit, nowMs);
  const behindMs = bucket.atMs - nowMs;
  if (hasToken(bucket)) return 0;
  return behindMs + Math.ceil(((1 - tolerance / 2 - bucket.tokens) * 1_000) / limit.perSecond);
}

/** For a limit that has changed: never more than its burst. */
export function changed({ tokens, atMs }: Bucket, { perSecond, burst = defaultBurst(perSecond) }: RateLimit): Bucket {
  return { tokens: Math.min(tokens, burst), atMs };
}

function hasToken({ tokens }: Bucket): boolean {
  return tokens >= 1 - tolerance;
}

/**
 * What a bucket can hold: the burst; what one millisecond brings, since a second of 1,000 milliseconds is refilled 999 times; and what comes in `lateMs`,
 * as far as no second holds a whole token more for it.
 */
function brim({ perSecond, burst = defaultBurst(perSecond) }: RateLimit): number {
  const harmless = Math.floor(perSecond) + 1 - perSecond - 1e-6;
  return burst + perSecond / 1_000 + Math.max(0, Math.min(harmless, (perSecond * lateMs) / 1_000));
}
