// Which way events leave: each with its own dispatch at once (individual), or first attempts ahead and dispatches of many (batched).
//
// The budget counts workflows: an event costs 1 for its dispatch and 1 for each delivery. It is a token bucket; once it is exceeded all is batched
// until the rate has stayed below half of the budget for 10 s. While Temporal is away all is batched at any rate.

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
  let tokens = burst;
  let at = 0;
  /** Fills at half the budget; when it has stayed full for 10 s, things are calm. */
  let surplus = 0;
  let batchedSince: number | null = null;
  let calmSince: number | null = null;
  let away = false;

  function advance(nowMs: number): void {
    const seconds = Math.max(0, nowMs - at) / 1_000;
    at = nowMs;
    tokens = Math.min(burst, tokens + seconds * perSecond);
    surplus = Math.max(0, surplus - (seconds * perSecond) / 2);
    if (surplus > 0) calmSince = null;
    else calmSince ??= nowMs;
    if (batchedSince !== null && calmSince !== null && nowMs - calmSince >= calmAfterMs) {
      batchedSince = null;
      tokens = burst;
    }
  }

  return {
    choose(deliveries, nowMs) {
      advance(nowMs);
      const cost = 1 + deliveries;
      tokens -= cost;
      surplus = Math.min(surplus + cost, burst + perSecond / 2);
      if (surplus > perSecond / 2) calmSince = null;
      if (tokens < 0) {
        tokens = 0;
        batchedSince ??= nowMs;
      }
      return this.mode(nowMs);
    },
    mode(nowMs) {
      if (setting !== 'adaptive') return setting;
      advance(nowMs);
      return away || batchedSince !== null ? 'batched' : 'individual';
    },
    setTemporalAway(now) {
      away = now;
    },
  };
}
