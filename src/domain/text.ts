// Text that PostgreSQL can keep as it was said: no NUL, no half of a surrogate pair.
import { z } from 'zod';

const unkeepable = 'must be well-formed text without NUL';

export function isKeepable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

/** A string of at most `max` characters that can be stored. */
export function text(max: number) {
  return z.string().max(max).refine(isKeepable, unkeepable);
}

/** Up to 50 of the caller's own key-value pairs, kept and given back. */
export const metadata = z
  .record(text(100), text(1_000))
  .refine((pairs) => Object.keys(pairs).length <= 50, 'at most 50 pairs')
  .describe('your own key-value pairs');
