// Wakes lanes: sets their rows to awake, then signals or starts their workflows. One signal per
// change of state. Callers do not wait for the signal. If it is lost (Temporal away, crash), the
// sweep sends it within 10 s, because the row is awake and due.
import { type LaneRef, type OpenedCircuit, openLanes, readLaneRefs, readLaneStates, wakeLanes } from '#db/lanes/lanes';
import { nudgeLanes } from '#db/store/listen';
import type { Db } from '#db/store/pool';
import type { LaneReason, Lanes } from '#domain/lane';
import type { Logger } from '#runtime/logger';
import type { TemporalLink } from './link.ts';
import { signalLane } from './starter.ts';

/** Call `parked` before giving up the dispatch or outbox row that guards the events of the parked deliveries. */
export interface LaneWaker extends Lanes {
  /**
   * Opens lanes: from now on all processes park deliveries for these endpoints. `opened` is the initial circuit for
   * their drains.
   */
  open(endpointIds: string[], reason: LaneReason, opened?: OpenedCircuit): Promise<void>;
  /** Wakes lanes whose order is no longer blocked. */
  unblocked(endpointIds: string[]): Promise<void>;
  /** Signals the lane's workflow and starts it if it is not open. Throws TemporalAway. */
  signal(lane: LaneRef): Promise<void>;
}

/** An awake lane needs no signal. Its drain is notified by NOTIFY, at most once in this time. */
const notifyEveryMs = 20;
const concurrentSignals = 8;

export function createLaneWaker({ db, link, log }: { db: Db; link: TemporalLink; log: Logger }): LaneWaker {
  const awake = new Set<string>();
  const toSignal: LaneRef[] = [];
  let signalling = 0;
  let notifying: NodeJS.Timeout | undefined;

  function notifyDrains(endpointIds: string[]): void {
    for (const id of endpointIds) awake.add(id);
    if (awake.size === 0 || notifying) return;
    notifying = setTimeout(() => {
      notifying = undefined;
      nudgeLanes(db, [...awake], log);
      awake.clear();
    }, notifyEveryMs);
  }

  /** Signals in the background. If that fails, the sweep does it, because the row is awake and due. */
  function signalWoken(woken: string[]): void {
    if (woken.length === 0) return;
    readLaneRefs(db, woken).then(
      (lanes) => {
        toSignal.push(...lanes);
        while (signalling < concurrentSignals && toSignal.length > 0) void signalAll();
      },
      (error) => log.warn({ err: error, lanes: woken.length }, 'lane.not_signalled'),
    );
  }

  /**
   * Signals lanes until `toSignal` is empty. Takes the first lane synchronously, so that the loop of the caller ends.
   */
  async function signalAll(): Promise<void> {
    signalling++;
    for (let lane = toSignal.shift(); lane; lane = toSignal.shift()) {
      await signalLane(link, lane).catch((error) => log.warn({ err: error, endpointId: lane?.endpointId }, 'lane.not_signalled'));
    }
    signalling--;
  }

  return {
    async parked(endpointIds) {
      const states = await readLaneStates(db, endpointIds);
      const missing = endpointIds.filter((id) => !states.has(id));
      const idle = endpointIds.filter((id) => states.get(id) === 'idle');
      notifyDrains(endpointIds.filter((id) => states.get(id) === 'awake'));
      const opened = missing.length === 0 ? [] : await openLanes(db, missing, 'backlog');
      const woken = idle.length === 0 ? [] : await wakeLanes(db, idle, 'parked');
      signalWoken([...opened, ...woken]);
    },
    async open(endpointIds, reason, opened) {
      signalWoken(await openLanes(db, endpointIds, reason, opened));
    },
    async changed(endpointId) {
      signalWoken(await wakeLanes(db, [endpointId], 'changed'));
    },
    async unblocked(endpointIds) {
      if (endpointIds.length > 0) signalWoken(await wakeLanes(db, endpointIds, 'unblocked'));
    },
    async signal(lane) {
      await signalLane(link, lane);
    },
  };
}
