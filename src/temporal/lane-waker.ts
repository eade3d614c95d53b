// Has lanes act: changes their rows, and signals - starts - the workflows of those that this woke. One signal for each change of state, never one for each event.
//
// Signals are not waited for: a Temporal that is slow must not hold up who parks. What if it is away, or we die? The row says awake and due, no drain is seen, and the sweep signals it 10 s later.
import { type LaneRef, type OpenedCircuit, openLanes, readLaneRefs, readLaneStates, wakeLanes } from '#db/lanes/lanes';
import { nudgeLanes } from '#db/store/listen';
import type { Db } from '#db/store/pool';
import type { LaneReason, Lanes } from '#domain/lane';
import type { Logger } from '#runtime/logger';
import type { TemporalLink } from './link.ts';
import { signalLane } from './starter.ts';

/** `parked` is to be called before what guards the events of what was parked is given up. */
export interface LaneWaker extends Lanes {
  /** From now on everybody parks for these endpoints; `opened`: the circuit as their drains are to find it. */
  open(endpointIds: string[], reason: LaneReason, opened?: OpenedCircuit): Promise<void>;
  /** What their orders waited for is out of the way. */
  unblocked(endpointIds: string[]): Promise<void>;
  /** Signals, and starts where there is none; throws TemporalAway. */
  signal(lane: LaneRef): Promise<void>;
}

/** A lane that is awake needs no signal; its drain is nudged, so often at most. */
const nudgeEveryMs = 20;
const tellingAtOnce = 8;

export function createLaneWaker({ db, link, log }: { db: Db; link: TemporalLink; log: Logger }): LaneWaker {
  const awake = new Set<string>();
  const toTell: LaneRef[] = [];
  let telling = 0;
  let nudging: NodeJS.Timeout | undefined;

  function nudge(endpointIds: string[]): void {
    for (const id of endpointIds) awake.add(id);
    if (awake.size === 0 || nudging) return;
    nudging = setTimeout(() => {
      nudging = undefined;
      nudgeLanes(db, [...awake], log);
      awake.clear();
    }, nudgeEveryMs);
  }

  /** Nobody waits for it: the row says awake and due, so the sweep would do it. */
  function tell(woken: string[]): void {
    if (woken.length === 0) return;
    readLaneRefs(db, woken).then(
      (lanes) => {
        toTell.push(...lanes);
        while (telling < tellingAtOnce && toTell.length > 0) void tellAll();
      },
      (error) => log.warn({ err: error, lanes: woken.length }, 'lane.not_signalled'),
    );
  }

  /** Takes the first one before it returns, and goes on until no lane is left. */
  async function tellAll(): Promise<void> {
    telling++;
    for (let lane = toTell.shift(); lane; lane = toTell.shift()) {
      await signalLane(link, lane).catch((error) => log.warn({ err: error, endpointId: lane?.endpointId }, 'lane.not_signalled'));
    }
    telling--;
  }

  return {
    async parked(endpointIds) {
      const states = await readLaneStates(db, endpointIds);
      const missing = endpointIds.filter((id) => !states.has(id));
      const resting = endpointIds.filter((id) => states.get(id) === 'idle');
      nudge(endpointIds.filter((id) => states.get(id) === 'awake'));
      const opened = missing.length === 0 ? [] : await openLanes(db, missing, 'backlog');
      const woken = resting.length === 0 ? [] : await wakeLanes(db, resting, 'parked');
      tell([...opened, ...woken]);
    },
    async open(endpointIds, reason, opened) {
      tell(await openLanes(db, endpointIds, reason, opened));
    },
    async changed(endpointId) {
      tell(await wakeLanes(db, [endpointId], 'changed'));
    },
    async unblocked(endpointIds) {
      if (endpointIds.length > 0) tell(await wakeLanes(db, endpointIds, 'unblocked'));
    },
    async signal(lane) {
      await signalLane(link, lane);
    },
  };
}
