// Dispatch mode: individual (one dispatch per event) or batched (first attempts first, one dispatch
// for many). The relay calls it for every event. Batched: when the load exceeds the budget, until
// it stays below half of it for 2 s, and always while Temporal is away.

import { usualTimings } from '../timings.ts';

export type DispatchMode = 'individual' | 'batched';
export type DispatchSetting = DispatchMode | 'adaptive';

export interface Budget {
  /** Workflows. */
  perSecond: number;
  burst: number;
}

/** An event of so many workflows is individual if nothing came before it. */
const quietEvent = 20;

export const defaultBudget: Budget = { perSecond: 10, burst: 20 };

/**
 * How many workflows an event makes: one for each delivery, and one for its dispatch, unless its only delivery is started
 * directly.
 *
 * @example
 * workflowsOf(1) // 1
 * workflowsOf(3) // 4
 */
export const workflowsOf = (deliveries: number) => (deliveries === 1 ? 1 : 1 + deliveries);

/**
 * The budget counts workflows. Two leaky buckets take them. The budget bucket drains at the budget's rate; when it overflows, the mode is batched. The other drains at
 * half of that rate; while it is full, the load is at half the budget or more, and the 2 s start again.
 */
export interface ModeSwitch {
  /** Counts an event that makes so many workflows, and returns the mode for it. */
  choose(workflows: number, nowMs: number): DispatchMode;
  mode(nowMs: number): DispatchMode;
  setTemporalAway(away: boolean): void;
  /** As last set. */
  isTemporalAway(): boolean;
}

export function createModeSwitch(setting: DispatchSetting, options: Partial<Budget & { calmAfterMs: number }> = {}): ModeSwitch {
  const { perSecond, burst, calmAfterMs } = { ...defaultBudget, calmAfterMs: usualTimings.relay.calmAfterMs, ...options };
  // thousandths of a workflow, so that whole milliseconds drain whole amounts
  const brim = burst * 1_000;
  let budget = 0;
  let half = 0;
  /** Milliseconds that the load must still stay below half; above 0: batched. */
  let calmInMs = 0;
  let at = 0;
  let away = false;

  /** If the clock is set back, no time passes. */
  function advance(nowMs: number): void {
    const ms = Math.max(0, nowMs - at);
    at = nowMs;
    budget = Math.max(0, budget - ms * perSecond);
    half = Math.max(0, half - (ms * perSecond) / 2);
    calmInMs = Math.max(0, calmInMs - ms);
  }

  function mode(nowMs: number): DispatchMode {
    if (setting !== 'adaptive') return setting;
    advance(nowMs);
    return away || calmInMs > 0 ? 'batched' : 'individual';
  }

  return {
    mode,
    choose(workflows, nowMs) {
      advance(nowMs);
      const cost = workflows * 1_000;
      const isBusy = calmInMs > 0 && half + cost >= brim;
      // in a quiet moment one event may be larger than the burst
      const most = budget === 0 ? Math.max(brim, quietEvent * 1_000) : brim;
      if (budget + cost > most || isBusy) calmInMs = calmAfterMs;
      budget = Math.min(brim, budget + cost);
      half = Math.min(brim, half + cost);
      return mode(nowMs);
    },
    setTemporalAway(now) {
      away = now;
    },
    isTemporalAway: () => away,
  };
}
