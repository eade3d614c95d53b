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

/** In a URL these are steps of the path, also when they are escaped: a thing with such a name could never be read or deleted by it. */
const pathSegment = /^(?!\.\.?$)/;

/** A name that becomes a segment of a path, under the rules of `name` and this one. */
export function inPath(name: z.ZodString) {
  return name.regex(pathSegment, 'must not be . or ..');
}

/** Up to 50 of the caller's own key-value pairs, kept and given back. */
export const metadata = z
  .record(text(100), text(1_000))
  .refine((pairs) => Object.keys(pairs).length <= 50, 'at most 50 pairs')
  .describe('your own key-value pairs');
