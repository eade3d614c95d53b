// Throttle of a lane: how many requests may be in flight. It starts at 1, doubles after as many
// acceptances as it allows, and halves after a refusal. Refusals of requests that started before
// the last halving are ignored, because they were sent under the old limit.

export interface Allowance {
  /** Maximum number of requests in flight, at least 1. */
  allowed: number;
  /** Acceptances since `allowed` last changed or since the last refusal. */
  accepted: number;
  halvedAtMs: number | null;
}

export function freshAllowance(): Allowance {
  return { allowed: 1, accepted: 0, halvedAtMs: null };
}

/** Doubles `allowed` (up to `most`) after `allowed` acceptances. A lowered `most` takes effect at once. */
export function afterAccepted({ allowed, accepted, halvedAtMs }: Allowance, most: number): Allowance {
  const limit = Math.max(1, Math.floor(most));
  if (allowed >= limit) return { allowed: limit, accepted: 0, halvedAtMs };
  if (accepted + 1 < allowed) return { allowed, accepted: accepted + 1, halvedAtMs };
  return { allowed: Math.min(limit, allowed * 2), accepted: 0, halvedAtMs };
}

/**
 * Halves `allowed` (down to 1), unless the request started before the last halving or in the same millisecond.
 * A halving in the future was recorded before the clock was set back, and is ignored.
 */
export function afterRefused(state: Allowance, startedMs: number, nowMs: number): Allowance {
  const { allowed, halvedAtMs } = state;
  if (halvedAtMs !== null && startedMs <= halvedAtMs && halvedAtMs <= nowMs) return state;
  return { allowed: Math.max(1, Math.floor(allowed / 2)), accepted: 0, halvedAtMs: nowMs };
}
