// When a refused delivery is tried again: decided here from the endpoint's declared policy, with time and dice handed in.
import { z } from 'zod';

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const longestScheduleMs = 4 * unitMs.d;
const longestRetryAfterMs = unitMs.d;
const jitter = 0.1;

export const duration = z
  .string()
  .regex(/^\d{1,9}(ms|s|m|h|d)$/, 'a whole number and a unit, such as 30s, 5m or 2h')
  .describe('a whole number and a unit: ms, s, m, h or d');

/** Where nothing at all is a choice of its own, it may be written without a unit. */
export const durationOrNone = z
  .union([duration, z.literal(0), z.literal('0')], 'a whole number and a unit, such as 30s, 5m or 2h; or 0')
  .overwrite((given) => (given === 0 || given === '0' ? '0s' : given));

/** Milliseconds of a `duration`, or of a `durationOrNone`. */
export function durationMs(text: string | 0): number {
  if (text === 0 || text === '0') return 0;
  const unit = text.replace(/^\d+/, '') as keyof typeof unitMs;
  return Number.parseInt(text, 10) * unitMs[unit];
}

const explicit = z.strictObject({
  schedule: z.array(duration).min(1).max(50).describe('the waits between attempts: n waits make n + 1 attempts'),
});
const exponential = z.strictObject({
  initial: duration,
  factor: z.number().min(1).max(10),
  max: duration,
  attempts: z.int().min(1).max(50).describe('all attempts, the first included'),
});

/** A declarative retry policy: the waits themselves, or the first wait and how it grows. No schedule is longer than 4 days. */
const anyPolicy = z.union([explicit, exponential]);
export type RetryPolicy = z.infer<typeof anyPolicy>;
export const retryPolicy = anyPolicy.refine((policy) => !(totalMs(policy) > longestScheduleMs), 'the waits add up to more than 4 days');

export function attemptsOf(policy: RetryPolicy): number {
  return 'schedule' in policy ? policy.schedule.length + 1 : policy.attempts;
}

/** The declared wait after the attempt of this number (from 1), before jitter; null when that attempt was the last. */
export function waitAfter(policy: RetryPolicy, attempt: number): number | null {
  if (attempt >= attemptsOf(policy)) return null;
  if (!('schedule' in policy)) return Math.min(durationMs(policy.max), durationMs(policy.initial) * policy.factor ** (attempt - 1));
  const wait = policy.schedule[attempt - 1];
  return wait === undefined ? null : durationMs(wait);
}

export interface Refused {
  policy: RetryPolicy;
  /** The number of the attempt that was refused, from 1. */
  attempt: number;
  /** What the endpoint asked for by Retry-After, in milliseconds from now. */
  retryAfterMs: number | null;
  /** From 0 to below 1. */
  random: number;
}

/** Milliseconds until the next attempt: the declared wait ± 10 %, never earlier than Retry-After; null when the schedule is spent. */
export function nextWaitMs({ policy, attempt, retryAfterMs, random }: Refused): number | null {
  const wait = waitAfter(policy, attempt);
  if (wait === null) return null;
  const jittered = Math.round(wait * (1 - jitter + 2 * jitter * random));
  return Math.max(jittered, Math.min(retryAfterMs ?? 0, longestRetryAfterMs));
}

function totalMs(policy: RetryPolicy): number {
  let total = 0;
  for (let attempt = 1; attempt < attemptsOf(policy); attempt++) total += waitAfter(policy, attempt) ?? 0;
  return total;
}
