// Token bucket of a rate limit: it fills evenly, and each request takes a token. Time is in whole
// milliseconds. In any second at most `burst + perSecond` tokens are taken. A caller that asks
// again after `waitMs` gets the full rate, even if its timers are a little late (see `brim`).
import type { RateLimit } from './lane-settings.ts';

export interface Bucket {
  /** With the fraction of the next token; may be slightly below 0. */
  tokens: number;
  atMs: number;
}

/** Rounding errors of floating-point sums: this much of a token may be missing. */
const tolerance = 1e-9;
/** How late a timer may be without losing any of the rate, even with a burst of 1. */
const lateMs = 20;
const skewMs = 1_000;

/** The tokens of a tenth of a second, rounded up, at least 1. */
export function defaultBurst(perSecond: number): number {
  return Math.max(1, Math.ceil(perSecond / 10));
}

/** A bucket after `idleMs` without a request; after 0 ms it is empty. */
export function bucketAfter({ perSecond, burst = defaultBurst(perSecond) }: RateLimit, idleMs: number, nowMs: number): Bucket {
  return { tokens: Math.min(burst, (Math.max(0, idleMs) * perSecond) / 1_000), atMs: nowMs };
}

/**
 * If the clock is up to a second back, no time passes until it has caught up. If it is further back, it was set back,
 * and time goes on from there.
 */
export function refilled({ tokens, atMs }: Bucket, limit: RateLimit, nowMs: number): Bucket {
  const ms = nowMs - atMs;
  if (ms < 0) return { tokens, atMs: ms < -skewMs ? nowMs : atMs };
  return { tokens: Math.min(brim(limit), tokens + (ms * limit.perSecond) / 1_000), atMs: nowMs };
}

/** Takes one token if there is one. The caller keeps the returned bucket in either case. */
export function take(before: Bucket, limit: RateLimit, nowMs: number): { bucket: Bucket; taken: boolean } {
  const bucket = refilled(before, limit, nowMs);
  if (!hasToken(bucket)) return { bucket, taken: false };
  return { bucket: { tokens: bucket.tokens - 1, atMs: bucket.atMs }, taken: true };
}

/** Whole milliseconds until `take` succeeds; 0: now. */
export function waitMs(before: Bucket, limit: RateLimit, nowMs: number): number {
  const bucket = refilled(before, limit, nowMs);
  const behindMs = bucket.atMs - nowMs;
  if (hasToken(bucket)) return 0;
  return behindMs + Math.ceil(((1 - tolerance / 2 - bucket.tokens) * 1_000) / limit.perSecond);
}

/** The bucket after a change of the limit: at most the new burst. */
export function changed({ tokens, atMs }: Bucket, { perSecond, burst = defaultBurst(perSecond) }: RateLimit): Bucket {
  return { tokens: Math.min(tokens, burst), atMs };
}

function hasToken({ tokens }: Bucket): boolean {
  return tokens >= 1 - tolerance;
}

/**
 * Capacity of a bucket: the burst, plus the tokens of one millisecond (a second of 1,000 milliseconds is refilled 999
 * times), plus the tokens of `lateMs`, as long as no second gets a whole extra token.
 */
function brim({ perSecond, burst = defaultBurst(perSecond) }: RateLimit): number {
  const harmless = Math.floor(perSecond) + 1 - perSecond - 1e-6;
  return burst + perSecond / 1_000 + Math.max(0, Math.min(harmless, (perSecond * lateMs) / 1_000));
}
