// When a span of the address begins.
import { boundsOf, type Within } from '../filters/time-span.ts';

/** Longer than anything is kept by default. */
const everMs = 400 * 86_400_000;

export const sinceOf = (within: Within | undefined): string =>
  boundsOf({ ...(within && { within }) }, Date.now()).since ?? new Date(Date.now() - everMs).toISOString();
