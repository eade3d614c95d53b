// Arrivals of events at a mode switch, for the tests of dispatch modes.
import fc from 'fast-check';
import type { DispatchMode, ModeSwitch } from '#domain/events/dispatch-mode';
import { usualTimings } from '#domain/timings';

export const start = 1_800_000_000_000;
export const calmMs = usualTimings.relay.calmAfterMs;

export interface Arrival {
  /** Milliseconds since the previous arrival. */
  gap: number;
  deliveries: number;
}

export const someDeliveries = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 5_000 }));

/** The mode of each arrival, of which each makes a workflow for its dispatch, too. */
export function play(modes: ModeSwitch, events: Arrival[], from = start): { chosen: DispatchMode[]; at: number } {
  let at = from;
  const chosen = events.map((event) => {
    at += event.gap;
    return modes.choose(1 + event.deliveries, at);
  });
  return { chosen, at };
}
