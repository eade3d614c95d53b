// Whether requests came at a rate: how many in any second, judged where they arrive.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { expect } from 'vitest';
import type { Received } from '../support/receiver.ts';

export interface Rate {
  perSecond: number;
  burst: number;
}

/** What was sent in time may be seen late, and then closer to the next: by this and by the receiver's own worst stall. */
const jitterMs = 100;

/** The receiver's worst stall in milliseconds, from now until it is asked. */
export function watchStalls(): () => number {
  const histogram = monitorEventLoopDelay({ resolution: 5 });
  histogram.enable();
  return () => {
    histogram.disable();
    return histogram.max / 1e6;
  };
}

/** The most that came in any second. */
export function mostInAnySecond(requests: readonly Received[]): number {
  const times = requests.map(({ came }) => came).toSorted((a, b) => a - b);
  let most = 0;
  for (let last = 0, first = 0; last < times.length; last++) {
    while ((times[first] ?? 0) <= (times[last] ?? 0) - 1_000) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

/** Never more than burst + rate in any second, but for what a late look at them may push together. */
export function expectPaced(requests: readonly Received[], { perSecond, burst }: Rate, stalledMs: number): void {
  const pushedTogether = Math.ceil((perSecond * (jitterMs + stalledMs)) / 1_000);
  expect(mostInAnySecond(requests), `worst stall of the receiver ${stalledMs.toFixed(0)} ms`).toBeLessThanOrEqual(
    burst + perSecond + pushedTogether,
  );
  const [first = 0, last = 0] = [Math.min(...requests.map(({ came }) => came)), Math.max(...requests.map(({ came }) => came))];
  const leastMs = ((requests.length - burst) * 1_000) / perSecond;
  expect(last - first, 'all together not faster than allowed').toBeGreaterThanOrEqual(leastMs - jitterMs - stalledMs);
}
