// Whether requests came at a rate, judged where they arrive. A busy machine delays requests and so pushes some together, but it cannot make them come early.
import { expect } from 'vitest';
import type { Received } from '../support/receiver.ts';

export interface Rate {
  perSecond: number;
  burst: number;
}

/** One request may be delayed by so much more than the next. */
const jitterMs = 100;
/** The sender's clock and ours round to milliseconds, each its own way. */
const roundingMs = 5;

/** The most that came in any period of this length. */
function mostIn(times: number[], periodMs: number): number {
  let most = 0;
  for (let last = 0, first = 0; last < times.length; last++) {
    while ((times[first] ?? 0) <= (times[last] ?? 0) - periodMs) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

/**
 * At no moment have more come than burst and rate allow since `since` (`performance.now()`), when nothing could have been sent yet. And no more than burst and
 * rate allow came in any second: a sender that was held up makes up for it, so the longest pause between two requests counts as well. That second rule is judged
 * in each section alone: `ends` are the numbers of requests that had come when the sender was replaced by another, which pauses for longer.
 */
export function expectPaced(requests: readonly Received[], { perSecond, burst }: Rate, since: number, ends: number[] = []): void {
  const times = requests.map(({ came }) => came).toSorted((a, b) => a - b);
  const allowedIn = (ms: number) => burst + Math.floor((perSecond * ms) / 1_000);
  const early = times
    .map((came, n) => ({ nth: n + 1, allowed: allowedIn(came - since + roundingMs) }))
    .filter(({ nth, allowed }) => nth > allowed);
  expect(early, 'requests that came before the rate allowed them').toEqual([]);
  for (const [index, from] of [0, ...ends].entries()) {
    const section = times.slice(from, ends[index]);
    const pauses = section.slice(1).map((came, n) => came - (section[n] ?? 0));
    const longestMs = Math.max(0, ...pauses);
    expect(mostIn(section, 1_000), `in a second, the longest pause being ${longestMs.toFixed(0)} ms`).toBeLessThanOrEqual(
      allowedIn(1_000 + longestMs + jitterMs),
    );
  }
}
