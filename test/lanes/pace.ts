// Checks at the receiver that requests came within a rate limit. A busy machine may delay requests,
// and so push some together, but it cannot make them come early.
import { expect } from 'vitest';
import type { Received } from '../support/receiver.ts';

export interface Rate {
  perSecond: number;
  burst: number;
}

/** A request may be delayed by so much more than the next one. */
const jitterMs = 100;
/** The clocks of sender and receiver round to milliseconds differently. */
const roundingMs = 5;

/** The highest number of requests in any period of this length. */
function mostIn(times: number[], periodMs: number): number {
  let most = 0;
  for (let last = 0, first = 0; last < times.length; last++) {
    while ((times[first] ?? 0) <= (times[last] ?? 0) - periodMs) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

/** Of one sender: others go on while it is held up. */
function longestPause(requests: readonly Received[]): number {
  const byPath = [...Map.groupBy(requests, ({ path }) => path).values()];
  const pauses = byPath.flatMap((those) => {
    const times = those.map(({ came }) => came).toSorted((a, b) => a - b);
    return times.slice(1).map((came, n) => came - (times[n] ?? 0));
  });
  return Math.max(0, ...pauses);
}

/**
 * Two rules. At no moment had more requests come than burst and rate allow since `since` (`performance.now()`), when
 * nothing could have been sent yet. And in no second came more than burst and rate allow; a sender that was held up
 * catches up, so the longest pause between two requests to one path is added. The second rule is checked in each section alone:
 * `ends` are the numbers of requests that had come when another sender took over, which pauses for longer.
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
    const longestMs = longestPause(requests.filter(({ came }) => section.includes(came)));
    expect(mostIn(section, 1_000), `in a second, the longest pause being ${longestMs.toFixed(0)} ms`).toBeLessThanOrEqual(
      allowedIn(1_000 + longestMs + jitterMs),
    );
  }
}
