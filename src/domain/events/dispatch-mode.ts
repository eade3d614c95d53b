// The budget of workflows, and the dispatch mode that follows from it: individual (one dispatch per event) or batched
// (first attempts first, one dispatch for many). The relay asks it for every event, and everything else that would start a
// workflow or wake one asks it too. Batched: when the load exceeds the budget, until it stays below half of it for 2 s, and
// always while Temporal is away.

import { usualTimings } from '../timings.ts';
import { StartTimes } from './start-times.ts';
import { TenantShares } from './tenant-shares.ts';

export type DispatchMode = 'individual' | 'batched';
export type DispatchSetting = DispatchMode | 'adaptive';

export interface Budget {
  /** Workflows. */
  perSecond: number;
  burst: number;
}

/** An event of so many workflows is individual if nothing came before it. */
const quietEvent = 20;
/** The part of the budget that work gets which can wait, such as opening the workflows of dead letters. */
const laterPart = 1 / 4;

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

/** An amount that drains with time. Thousandths of a workflow, so that whole milliseconds drain whole amounts. */
class Bucket {
  level = 0;
  readonly brim: number;
  readonly #perMs: number;

  constructor(burst: number, perSecond: number) {
    this.brim = burst * 1_000;
    this.#perMs = perSecond;
  }

  drain(ms: number): void {
    this.level = Math.max(0, this.level - ms * this.#perMs);
  }

  add(cost: number): void {
    this.level = Math.min(this.brim, this.level + cost);
  }
}

/**
 * All times are Unix milliseconds. The *load* is every event, and every attempt that relays make without a workflow; a
 * bucket of it that overflows makes the mode batched. A second bucket of it drains at half of the rate: while it is full,
 * the load is at half the budget or more, and the 2 s start again. *Spent* is what really became a workflow, or woke one.
 */
export class ModeSwitch {
  readonly #setting: DispatchSetting;
  readonly #calmAfterMs: number;
  readonly #load: Bucket;
  readonly #half: Bucket;
  readonly #spent: Bucket;
  readonly #later: Bucket;
  readonly #shares: TenantShares;
  readonly #times = new StartTimes();
  /** Milliseconds that the load must still stay below half; above 0: batched. */
  #calmInMs = 0;
  #at = 0;
  #away = false;

  constructor(setting: DispatchSetting, { perSecond, burst, calmAfterMs }: Budget & { calmAfterMs: number }) {
    this.#setting = setting;
    this.#calmAfterMs = calmAfterMs;
    this.#load = new Bucket(burst, perSecond);
    this.#half = new Bucket(burst, perSecond / 2);
    this.#spent = new Bucket(burst, perSecond);
    this.#later = new Bucket(Math.max(1, perSecond * laterPart), perSecond * laterPart);
    this.#shares = new TenantShares(perSecond);
  }

  /** Counts an event that makes so many workflows, and returns the mode for it. Absent: it is no tenant's. */
  choose(workflows: number, nowMs: number, tenant?: string): DispatchMode {
    this.addLoad(workflows, nowMs);
    const mode = this.mode(nowMs);
    if (this.#setting !== 'adaptive' || mode === 'batched') return mode;
    return this.#spend(workflows, tenant, nowMs, this.#spent.brim) ? 'individual' : 'batched';
  }

  /** Counts work that costs about as much as an event of so many workflows. */
  addLoad(workflows: number, nowMs: number): void {
    this.#advance(nowMs);
    const cost = workflows * 1_000;
    const isBusy = this.#calmInMs > 0 && this.#half.level + cost >= this.#half.brim;
    // in a quiet moment one event may be larger than the burst
    const most = this.#load.level === 0 ? Math.max(this.#load.brim, quietEvent * 1_000) : this.#load.brim;
    if (this.#load.level + cost > most || isBusy) this.#calmInMs = this.#calmAfterMs;
    this.#load.add(cost);
    this.#half.add(cost);
  }

  /**
   * Asks to start a workflow, or to wake one, where there is a way without it. True: there is room, and it is taken.
   * Events have priority: they may use the whole burst, this only half of it.
   */
  take(tenant: string, nowMs: number): boolean {
    if (this.#setting === 'individual') return true;
    if (this.#setting === 'adaptive' && this.mode(nowMs) === 'batched') return false;
    this.#advance(nowMs);
    return this.#spend(1, tenant, nowMs, this.#spent.brim / 2);
  }

  /** The same for work that can wait, and is asked for again. It gets a quarter of the budget, in batched mode too. */
  takeLater(tenant: string, nowMs: number): boolean {
    if (this.#setting === 'individual') return true;
    this.#advance(nowMs);
    if (this.#later.level + 1_000 > this.#later.brim || !this.#spend(1, tenant, nowMs, Number.POSITIVE_INFINITY)) return false;
    this.#later.add(1_000);
    return true;
  }

  mode(nowMs: number): DispatchMode {
    if (this.#setting !== 'adaptive') return this.#setting;
    this.#advance(nowMs);
    return this.#away || this.#calmInMs > 0 ? 'batched' : 'individual';
  }

  /** `ms`: how long a start took in Temporal. */
  noteStart(ms: number, nowMs: number): void {
    this.#times.noteCall(ms, nowMs);
  }

  /** `ms`: how long an activity waited in Temporal's queue, by two clocks. */
  noteWait(ms: number, nowMs: number): void {
    this.#times.noteWait(ms, nowMs);
  }

  isSlow(nowMs: number): boolean {
    return this.#times.isSlow(nowMs);
  }

  setTemporalAway(away: boolean): void {
    this.#away = away;
  }

  /** As last set. */
  isTemporalAway(): boolean {
    return this.#away;
  }

  #spend(workflows: number, tenant: string | undefined, nowMs: number, brim: number): boolean {
    const cost = workflows * 1_000;
    if (this.#away || this.#times.isSlow(nowMs)) return false;
    if (this.#spent.level > 0 && this.#spent.level + cost > brim) return false;
    if (tenant !== undefined) {
      // while half of the budget is free, nobody needs a share
      const mayDraw = this.#shares.mayDraw(tenant, workflows, nowMs) || this.#spent.level + cost <= this.#spent.brim / 2;
      if (!mayDraw) return false;
      this.#shares.draw(tenant, workflows);
    }
    this.#spent.add(cost);
    return true;
  }

  /** If the clock is set back, no time passes. */
  #advance(nowMs: number): void {
    const ms = Math.max(0, nowMs - this.#at);
    this.#at = nowMs;
    for (const bucket of [this.#load, this.#half, this.#spent, this.#later]) bucket.drain(ms);
    this.#calmInMs = Math.max(0, this.#calmInMs - ms);
  }
}

export function createModeSwitch(setting: DispatchSetting, options: Partial<Budget & { calmAfterMs: number }> = {}): ModeSwitch {
  return new ModeSwitch(setting, { ...defaultBudget, calmAfterMs: usualTimings.relay.calmAfterMs, ...options });
}
