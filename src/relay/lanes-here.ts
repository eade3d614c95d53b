// Lanes above the budget of workflows. Asked before a lane is woken in Temporal: where the budget has no room, the lane is
// not signalled but drained in this process, at once and at each later time. The relay that sweeps looks each second for
// lanes that nobody drains, for a minute after the last refusal in any process. If it dies, another one does. Then it wakes
// the workflows that waited meanwhile, for a lane that was drained without them.
import { LRUCache } from 'lru-cache';
import { idleLanes, type LaneRef, unownedLanes } from '#db/lanes/lanes';
import { lanesHereWord, tellRelays } from '#db/store/listen';
import type { Db } from '#db/store/pool';
import type { ModeSwitch } from '#domain/events/dispatch-mode';
import { type Timings, usualTimings } from '#domain/timings';
import type { Logger } from '#runtime/logger';
import type { LaneWaker, WakeBudget } from '#temporal/lane-waker';

const looksForMs = 60_000;
const announceEveryMs = 20_000;
const wakesAgainAfterMs = 60_000;
/** A lane is looked for so long after its time: the timer of its workflow may be a moment late. */
const dueAfterMs = 2_000;
const maxSignalled = 10_000;

export interface LanesHereDeps {
  db: Db;
  modes: Pick<ModeSwitch, 'take' | 'addLoad'>;
  waker: Pick<LaneWaker, 'signalSoon'>;
  /** Pages of endpoints whose lane has an open workflow. */
  openLanes(): AsyncIterable<string[]>;
  drains: { begin(lane: LaneRef): boolean; room(): number };
  /** Temporal did not answer the last call, or refused it. */
  isTemporalAway(): boolean;
  log: Logger;
  /** Default: the usual ones. */
  timings?: Pick<Timings, 'sweep'>;
}

export class LanesHere implements WakeBudget {
  readonly #deps: LanesHereDeps;
  readonly #overdueAfterMs: number;
  /** Lanes that this process has let wake. Their workflow may need some time to begin. */
  readonly #signalled: LRUCache<string, true>;
  #looksUntil = Number.NEGATIVE_INFINITY;
  #announcedAt = Number.NEGATIVE_INFINITY;
  /** When workflows that were left waiting are looked for. */
  #wakesLeftAt = Number.POSITIVE_INFINITY;

  constructor(deps: LanesHereDeps) {
    this.#deps = deps;
    this.#overdueAfterMs = (deps.timings ?? usualTimings).sweep.laneOverdueAfterMs;
    this.#signalled = new LRUCache({ max: maxSignalled, ttl: this.#overdueAfterMs });
  }

  mayWake(lane: LaneRef, isDue = true): boolean {
    if (this.mayWait(lane.tenantId)) {
      this.#signalled.set(lane.endpointId, true);
      return true;
    }
    if (isDue) this.drain(lane);
    return false;
  }

  /** The budget has room for one more drain by a workflow. */
  mayWait(tenantId: string): boolean {
    const { modes, isTemporalAway } = this.#deps;
    if (!isTemporalAway() && modes.take(tenantId, Date.now())) return true;
    this.#refused();
    return false;
  }

  /** Drains the lane in this process. If there is no room now, a look finds it. */
  drain(lane: LaneRef): void {
    this.#refused();
    // each is a request that no workflow makes, as the attempts of the relay are
    if (this.#deps.drains.begin(lane)) this.#deps.modes.addLoad(1, Date.now());
  }

  /** True for a minute after a refusal: looks are due. */
  isDue(): boolean {
    return performance.now() < this.#looksUntil;
  }

  /** Lanes were refused in some process. */
  lookForAWhile(): void {
    this.#looksUntil = performance.now() + looksForMs;
    this.#wakesLeftAt = this.#looksUntil;
  }

  /** Drains or wakes the lanes that are due and that nobody drains. For one relay of all, and not concurrently. */
  async look(): Promise<void> {
    const { db, drains, waker } = this.#deps;
    const limit = drains.room();
    if (limit <= 0) return;
    const except = [...this.#signalled.keys()];
    const lanes = await unownedLanes(db, { limit, afterMs: dueAfterMs, notSeenForMs: this.#overdueAfterMs, except });
    waker.signalSoon(lanes.filter((lane) => this.mayWake(lane)));
  }

  /** True once after looks have ended. */
  mayHaveLeft(): boolean {
    return performance.now() >= this.#wakesLeftAt;
  }

  /**
   * Wakes the workflows of lanes that have nothing to do. Such a workflow waited while its lane was drained without it: it
   * would show what is not true any more until the next delivery is held. For one relay of all, and not concurrently.
   */
  async wakeLeft(signal: AbortSignal): Promise<void> {
    const { db, waker, openLanes } = this.#deps;
    this.#wakesLeftAt = performance.now() + wakesAgainAfterMs;
    for await (const endpointIds of openLanes()) {
      if (signal.aborted) return;
      waker.signalSoon((await idleLanes(db, endpointIds)).filter(({ tenantId }) => this.mayWait(tenantId)));
    }
    if (!this.isDue()) this.#wakesLeftAt = Number.POSITIVE_INFINITY;
  }

  #refused(): void {
    this.lookForAWhile();
    if (performance.now() - this.#announcedAt < announceEveryMs) return;
    this.#announcedAt = performance.now();
    tellRelays(this.#deps.db, lanesHereWord, this.#deps.log);
  }
}
