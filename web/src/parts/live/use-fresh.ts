// Reads again what a page shows when the stream tells of a change to it. Pages also read by themselves from time to time, in case
// that the stream is away.
import { type QueryKey, useQueryClient } from '@tanstack/react-query';
import { type Changes, useChanges } from '../../api/live.ts';
import { type Throttle, useThrottled } from './use-throttled.ts';

/** How often a page reads by itself what the stream tells of. */
export const restMs = 60_000;

/** `concerns`: whether the changes are about what these queries have read. Never in a hidden tab. */
export function useFresh(keys: readonly QueryKey[], concerns: (changes: Changes) => boolean, throttle?: Throttle): void {
  const queries = useQueryClient();
  const readSoon = useThrottled(() => Promise.all(keys.map((queryKey) => queries.invalidateQueries({ queryKey }))), throttle);
  useChanges((changes) => {
    if (changes.isReset || concerns(changes)) readSoon();
  });
}

/** Alerts, wherever the page shows them. */
export const useFreshAlerts = (): void => useFresh([['alerts']], ({ alerts }) => alerts.size > 0);
