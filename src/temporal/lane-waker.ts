// Wakes lanes: sets their rows to awake, then signals or starts their workflows. One signal per
// change of state. Callers do not wait for the signal. If it is lost (Temporal away, crash), the
// sweep sends it within 10 s, because the row is awake and due.
import { type LaneRef, type OpenedCircuit, openLanes, readLaneRefs, readLaneStates, wakeLanes } from '#db/lanes/lanes';
import { nudgeLanes } from '#db/store/listen';
import type { Db } from '#db/store/pool';
import type { LaneReason, Lanes } from '#domain/lanes/lane';
import { type Heartbeat, usualTimings } from '#domain/timings';
import type { Logger } from '#runtime/logger';
import type { TemporalLink } from './link.ts';
import { signalLane } from './starter.ts';

/** An awake lane needs no signal. Its drain is notified by NOTIFY, at most once in this time. */
const notifyEveryMs = 20;
const concurrentSignals = 8;

/** What may be woken in Temporal. A lane that may not is left to its asker: it is not signalled. */
export interface WakeBudget {
  /** `isDue`: it has something to do now. */
  mayWake(lane: LaneRef, isDue: boolean): boolean;
}

interface LaneWakerDeps {
  db: Db;
  link: TemporalLink;
  log: Logger;
  /** Of its drains. Default: the usual one. */
  heartbeat?: Pick<Heartbeat, 'timeoutMs'>;
}

export function createLaneWaker(deps: LaneWakerDeps): LaneWaker {
  return new LaneWaker(deps);
}

/** Call `parked` before giving up the dispatch or outbox row that guards the events of the parked deliveries. */
export class LaneWaker implements Lanes {
  readonly #db: Db;
  readonly #link: TemporalLink;
  readonly #log: Logger;
  readonly #heartbeatTimeoutMs: number;
  /** Awake lanes for the next NOTIFY. */
  readonly #awake = new Set<string>();
  #notifying: NodeJS.Timeout | undefined;
  readonly #toSignal: LaneRef[] = [];
  #budget: WakeBudget = { mayWake: () => true };
  /** Loops that take lanes from `#toSignal`. */
  #signalling = 0;

  constructor({ db, link, log, heartbeat = usualTimings.heartbeat.drain }: LaneWakerDeps) {
    this.#db = db;
    this.#link = link;
    this.#log = log;
    this.#heartbeatTimeoutMs = heartbeat.timeoutMs;
  }

  /** From now on lanes are woken within this budget. Without one, as in a process with an API alone, all are. */
  wakeWithin(budget: WakeBudget): void {
    this.#budget = budget;
  }

  async parked(endpointIds: string[]): Promise<void> {
    const states = await readLaneStates(this.#db, endpointIds);
    const missing = endpointIds.filter((id) => !states.has(id));
    const idle = endpointIds.filter((id) => states.get(id) === 'idle');
    this.#notifyDrains(endpointIds.filter((id) => states.get(id) === 'awake'));
    const opened = missing.length === 0 ? [] : await openLanes(this.#db, missing, 'backlog');
    const woken = idle.length === 0 ? [] : await wakeLanes(this.#db, idle, 'parked');
    this.#signalWoken([...opened, ...woken]);
  }

  /**
   * Opens lanes: from now on all processes park deliveries for these endpoints. `opened` is the initial circuit for
   * their drains.
   */
  async open(endpointIds: string[], reason: LaneReason, opened?: OpenedCircuit): Promise<void> {
    // a lane that begins with an open circuit has nothing to do before its first probe
    this.#signalWoken(await openLanes(this.#db, endpointIds, reason, opened), opened === undefined);
  }

  async changed(endpointId: string): Promise<void> {
    this.#signalWoken(await wakeLanes(this.#db, [endpointId], 'changed'));
  }

  /** Wakes lanes whose order is no longer blocked. */
  async unblocked(endpointIds: string[]): Promise<void> {
    if (endpointIds.length > 0) this.#signalWoken(await wakeLanes(this.#db, endpointIds, 'unblocked'));
  }

  /** Signals the lane's workflow and starts it if it is not open. Throws TemporalAway. */
  async signal(lane: LaneRef): Promise<void> {
    await signalLane(this.#link, lane, this.#heartbeatTimeoutMs);
  }

  #notifyDrains(endpointIds: string[]): void {
    for (const id of endpointIds) this.#awake.add(id);
    if (this.#awake.size === 0 || this.#notifying) return;
    this.#notifying = setTimeout(() => {
      this.#notifying = undefined;
      nudgeLanes(this.#db, [...this.#awake], this.#log);
      this.#awake.clear();
    }, notifyEveryMs);
  }

  /** Signals these lanes in the background. If that fails, the sweep does it, because they are due. */
  signalSoon(lanes: LaneRef[]): void {
    this.#toSignal.push(...lanes);
    while (this.#signalling < concurrentSignals && this.#toSignal.length > 0) void this.#signalAll();
  }

  /** The same, for those that the budget has room for. */
  #signalWoken(woken: string[], isDue = true): void {
    if (woken.length === 0) return;
    readLaneRefs(this.#db, woken).then(
      (lanes) => this.signalSoon(lanes.filter((lane) => this.#budget.mayWake(lane, isDue))),
      (error) => this.#log.warn({ err: error, lanes: woken.length }, 'lane.not_signalled'),
    );
  }

  /**
   * Signals lanes until `#toSignal` is empty. Takes the first lane synchronously, so that the loop of the caller ends.
   */
  async #signalAll(): Promise<void> {
    this.#signalling++;
    for (let lane = this.#toSignal.shift(); lane; lane = this.#toSignal.shift()) {
      const { endpointId } = lane;
      await this.signal(lane).catch((error) => this.#log.warn({ err: error, endpointId }, 'lane.not_signalled'));
    }
    this.#signalling--;
  }
}
