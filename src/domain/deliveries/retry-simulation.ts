// When is an event delivered if its endpoint is down for so long? Answered from a retry schedule with the bounds of its jitter.
// Pure, and needs nothing but its arguments: the documentation runs the same function in browsers.

/** Times are in milliseconds. */
export interface SimulatedOutage {
  /** The waits between the attempts, before jitter. */
  waitsMs: number[];
  /** The longest time that a failing attempt takes. */
  timeoutMs: number;
  /** How long the endpoint is down. */
  downForMs: number;
  /** How long it has been down when the event is accepted. */
  acceptedAfterMs: number;
  /** The Retry-After of each refusal; 0: none. */
  retryAfterMs: number;
}

/** An attempt, in milliseconds since the event was accepted: it begins neither earlier nor later. */
export interface AttemptTime {
  number: number;
  earliestMs: number;
  latestMs: number;
}

export interface Simulation {
  /** If all of them fail. */
  attempts: AttemptTime[];
  /** delivered: in any case. perhaps: it depends on the jitter. dead_letter: the schedule ends before the endpoint is well. */
  outcome: 'delivered' | 'perhaps' | 'dead_letter';
  /** The first and the last moment at which it can be delivered; null: never. */
  earliest: AttemptTime | null;
  latest: AttemptTime | null;
}

/** `earliest` and `latest` are attempts with `earliestMs` or `latestMs` moved to the moment that counts. */
export function simulateRetries({ waitsMs, timeoutMs, downForMs, acceptedAfterMs, retryAfterMs }: SimulatedOutage): Simulation {
  const jitter = 0.1;
  const longestRetryAfterMs = 86_400_000;
  const atLeastMs = Math.min(retryAfterMs, longestRetryAfterMs);
  const attempts = [{ number: 1, earliestMs: 0, latestMs: 0 }];
  for (const [index, waitMs] of waitsMs.entries()) {
    const { earliestMs, latestMs } = attempts[index] ?? { earliestMs: 0, latestMs: 0 };
    attempts.push({
      number: index + 2,
      earliestMs: earliestMs + Math.max(Math.round(waitMs * (1 - jitter)), atLeastMs),
      latestMs: latestMs + timeoutMs + Math.max(Math.round(waitMs * (1 + jitter)), atLeastMs),
    });
  }
  // the endpoint is well again then
  const wellMs = Math.max(0, downForMs - acceptedAfterMs);
  const first = attempts.find(({ latestMs }) => latestMs >= wellMs) ?? null;
  const last = attempts.find(({ earliestMs }) => earliestMs >= wellMs) ?? null;
  const final = attempts.at(-1) ?? null;
  const latestOf = last ?? final;
  // the attempt before it was still refused, so it comes at most one wait after the end of the outage
  const waitMs = Math.max(0, ...(first && latestOf ? waitsMs.slice(Math.max(0, first.number - 2), latestOf.number - 1) : []));
  const boundMs = wellMs + timeoutMs + Math.max(Math.round(waitMs * (1 + jitter)), atLeastMs);
  return {
    attempts,
    outcome: first === null ? 'dead_letter' : last === null ? 'perhaps' : 'delivered',
    earliest: first && { ...first, earliestMs: Math.max(first.earliestMs, wellMs) },
    latest: first && latestOf && { ...latestOf, latestMs: Math.min(latestOf.latestMs, boundMs) },
  };
}
