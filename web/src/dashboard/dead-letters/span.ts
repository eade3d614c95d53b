// A span before now, as the address names it.
import type { DeadLettersSearch } from './routes.ts';

const hourMs = 3_600_000;
const msOf: Record<NonNullable<DeadLettersSearch['within']>, number> = {
  '1h': hourMs,
  '24h': 24 * hourMs,
  '7d': 168 * hourMs,
  '30d': 720 * hourMs,
};
/** Longer than anything is kept by default. */
const everMs = 400 * 24 * hourMs;

export const sinceOf = (within: DeadLettersSearch['within']): string =>
  new Date(Date.now() - (within === undefined ? everMs : msOf[within])).toISOString();
