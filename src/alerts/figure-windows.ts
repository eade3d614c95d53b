// Sums the minutes of the statistics over a time, by endpoint.
import { dashedUuid } from '#db/alerts/baselines';
import type { EndpointMinute } from '#db/stats/endpoint-minutes';
import { addCounts, type Counts, middleOf } from '#domain/stats/latency';

export interface Window {
  accepted: number;
  delivered: number;
  attempts: number;
  latency: Counts;
}

export const emptyWindow = (): Window => ({ accepted: 0, delivered: 0, attempts: 0, latency: {} });

/** By the endpoint's UUID. */
export function windowsOf(minutes: readonly EndpointMinute[]): Map<string, Window> {
  const windows = new Map<string, Window>();
  for (const { endpointId, accepted, delivered, failed, latency } of minutes) {
    const id = dashedUuid(endpointId);
    const window = windows.get(id) ?? emptyWindow();
    window.accepted += accepted;
    window.delivered += delivered;
    window.attempts += delivered + failed;
    addCounts(window.latency, latency);
    windows.set(id, window);
  }
  return windows;
}

/** In milliseconds. */
export function meanOf(latency: Counts): number {
  let [sum, total] = [0, 0];
  for (const [bucket, count] of Object.entries(latency)) {
    sum += middleOf(Number(bucket)) * count;
    total += count;
  }
  return total === 0 ? 0 : sum / total;
}
