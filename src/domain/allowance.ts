// How many requests at once: the ramp. It begins at 1, doubles after each full round of acceptances, and is halved by a refusal.
//
// The requests that were in flight at a halving were sent at the former allowance: their refusals say nothing about the new one.

export interface Allowance {
  /** Requests at once, at least 1. */
  allowed: number;
  /** Since `allowed` last changed or a refusal. */
  accepted: number;
  halvedAtMs: number | null;
}

export function freshAllowance(): Allowance {
  return { allowed: 1, accepted: 0, halvedAtMs: null };
}

/** Doubled, to at most `most`, after as many acceptances as were allowed at once. A `most` that was lowered counts from here on. */
export function afterAccepted({ allowed, accepted, halvedAtMs }: Allowance, most: number): Allowance {
  const limit = Math.max(1, Math.floor(most));
  if (allowed >= limit) return { allowed: limit, accepted: 0, halvedAtMs };
  if (accepted + 1 < allowed) return { allowed, accepted: accepted + 1, halvedAtMs };
  return { allowed: Math.min(limit, allowed * 2), accepted: 0, halvedAtMs };
}

/**
 * Halved, to at least 1, unless the request was started before the last halving or in the same millisecond.
 * A halving that lies in the future was noted before the clock was set back, and tells nothing.
 */
export function afterRefused(state: Allowance, startedMs: number, nowMs: number): Allowance {
  const { allowed, halvedAtMs } = state;
  if (halvedAtMs !== null && startedMs <= halvedAtMs && halvedAtMs <= nowMs) return state;
  return { allowed: Math.max(1, Math.floor(allowed / 2)), accepted: 0, halvedAtMs: nowMs };
}
