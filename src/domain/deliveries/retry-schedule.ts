// Retry schedule: when a refused delivery is attempted again, computed from the endpoint's retry
// policy. Pure functions: the caller passes the random number.
import { z } from 'zod';
import { faultText } from '../faults/fault.ts';

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const longestScheduleMs = 4 * unitMs.d;
const longestRetryAfterMs = unitMs.d;
const jitter = 0.1;

export const duration = z
  .string()
  .regex(/^\d{1,9}(ms|s|m|h|d)$/, faultText('duration'))
  .describe('duration: a whole number and a unit (ms, s, m, h or d)');

/** A duration that may also be 0 without a unit. */
export const durationOrNone = z
  .union([duration, z.literal(0), z.literal('0')], faultText('duration_or_0'))
  .overwrite((given) => (given === 0 || given === '0' ? '0s' : given));

/** Milliseconds of a `duration` or `durationOrNone`. @example durationMs('5m') // 300_000 */
export function durationMs(text: string | 0): number {
  if (text === 0 || text === '0') return 0;
  const unit = text.replace(/^\d+/, '') as keyof typeof unitMs;
  return Number.parseInt(text, 10) * unitMs[unit];
}

const explicit = z
  .strictObject({ schedule: z.array(duration).min(1).max(50).describe('waits between attempts: n waits mean n + 1 attempts') })
  .meta({ id: 'RetrySchedule' });
const exponential = z
  .strictObject({
    initial: duration,
    factor: z.number().min(1).max(10),
    max: duration,
    attempts: z.int().min(1).max(50).describe('total number of attempts, including the first'),
  })
  .meta({ id: 'ExponentialBackoff' });

/** Retry policy: a list of waits, or a first wait with a growth factor. A schedule is at most 4 days long. */
const anyPolicy = z.union([explicit, exponential]);
export type RetryPolicy = z.infer<typeof anyPolicy>;
export const retryPolicy = anyPolicy.refine(
  (policy) => !(totalMs(policy) > longestScheduleMs),
  'the waits must not add up to more than 4 days',
);

export function attemptsOf(policy: RetryPolicy): number {
  return 'schedule' in policy ? policy.schedule.length + 1 : policy.attempts;
}

/** Milliseconds to wait after this attempt (counted from 1), before jitter; null: it was the last attempt. */
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
  /** The endpoint's Retry-After in milliseconds from now. */
  retryAfterMs: number | null;
  /** From 0 (inclusive) to 1 (exclusive). */
  random: number;
}

/**
 * Milliseconds until the next attempt: the scheduled wait ± 10 %, and at least Retry-After (up to 24 h); null: no
 * attempts are left.
 */
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
