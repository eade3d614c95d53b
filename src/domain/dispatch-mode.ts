// Which way events leave: each with its own dispatch at once (individual), or first attempts ahead and dispatches of many (batched).
//
// The budget counts workflows: an event costs 1 for its dispatch and 1 for each delivery. Two buckets are filled with what events cost. The one of the
// budget drains at its rate: when it runs over, all is batched. The other drains at half of that rate: as long as it is filled to the brim, the rate is
// at or above half, and 10 s must pass after that until events leave on their own again. While Temporal is away all is batched at any rate.

export type DispatchMode = 'individual' | 'batched';
export type DispatchSetting = DispatchMode | 'adaptive';

export interface Budget {
  /** Workflows. */
  perSecond: number;
  burst: number;
}

export const defaultBudget: Budget = { perSecond: 10, burst: 20 };
const calmAfterMs = 10_000;

export interface ModeSwitch {
  /** The mode for an event of so many deliveries that leaves now. */
  choose(deliveries: number, nowMs: number): DispatchMode;
  mode(nowMs: number): DispatchMode;
  setTemporalAway(away: boolean): void;
}

export function createModeSwitch(setting: DispatchSetting, { perSecond, burst }: Budget = defaultBudget): ModeSwitch {
  // thousandths of a workflow, so that whole milliseconds drain whole amounts
  const brim = burst * 1_000;
  let budget = 0;
  let half = 0;
  /** How long the rate must still stay below half; above 0: batched. */
  let calmInMs = 0;
  let at = 0;
  let away = false;

  /** For a clock that is set back no time passes. */
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
    choose(deliveries, nowMs) {
      advance(nowMs);
      const cost = (1 + deliveries) * 1_000;
      const isBusy = calmInMs > 0 && half + cost >= brim;
      if (budget + cost > brim || isBusy) calmInMs = calmAfterMs;
      budget = Math.min(brim, budget + cost);
      half = Math.min(brim, half + cost);
      return mode(nowMs);
    },
    setTemporalAway(now) {
      away = now;
    },
  };
}
