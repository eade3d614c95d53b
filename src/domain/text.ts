// Text that PostgreSQL can store unchanged: without NUL and without half of a surrogate pair.
import { z } from 'zod';
import { faultText } from './faults/fault.ts';

const unkeepable = faultText('not_storable');

export function isKeepable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

/** A string of at most `max` characters that can be stored. */
export function text(max: number) {
  return z.string().max(max).refine(isKeepable, unkeepable);
}

/**
 * URLs resolve `.` and `..` as path segments, even when they are escaped. An object with such a name could not be read
 * or deleted.
 */
const pathSegment = /^(?!\.\.?$)/;

/** Adds the rule that a name is usable as a path segment. */
export function inPath(name: z.ZodString) {
  return name.regex(pathSegment, 'must not be . or ..');
}

/** Up to 50 key-value pairs of the client, stored and returned unchanged. */
export const metadata = z
  .record(text(100), text(1_000))
  .refine((pairs) => Object.keys(pairs).length <= 50, faultText('too_many_pairs', { most: 50 }))
  .describe('your own key-value pairs, at most 50; stored and returned unchanged');
