// Allows direct delivery again once the lane has caught up, while its drain still sends what is
// left. So a lane ends after a burst or an outage even if traffic never pauses. Called at each
// look. A lane whose circuit is open is never released; if it opens later, parking starts again.
import { releaseLane, reserveLane } from '#db/lanes/lane-ownership';
import type { Db } from '#db/store/pool';
import type { Timings } from '#domain/timings';
import type { EndpointThrottle } from './endpoint-throttle.ts';
import type { LaneQueues } from './lane-queues.ts';
import type { Look } from './reading.ts';
import type { Sending } from './sending.ts';
import type { Verdict } from './verdict.ts';

export interface StopParkingDeps {
  db: Db;
  endpointId: string;
  epoch: number;
  /** The lane's `parks` flag when this drain took it. */
  parks: boolean;
  queues: Pick<LaneQueues, 'underWay'>;
  sending: Pick<Sending, 'room' | 'isFullSpeed'>;
  throttle: Pick<EndpointThrottle, 'circuit' | 'reopened'>;
  timings: Pick<Timings['lanes'], 'caughtUpMs'>;
}

export interface StopParking {
  released(): boolean;
  /** To be called with each look before it is judged: another process may have opened the circuit. */
  seen(seen: Look): void;
  /** To be called after each verdict. Releases the lane when, for `caughtUpMs`, everything could be sent at once. */
  looked(seen: Look, verdict: Verdict): Promise<void>;
  /** All processes park for this endpoint again. */
  again(): void;
}

export function createStopParking(deps: StopParkingDeps): StopParking {
  const { db, endpointId, epoch, parks, queues, sending, throttle, timings } = deps;
  let lastBehindAt = performance.now();
  let released = !parks;

  function again(): void {
    lastBehindAt = performance.now();
    released = false;
  }

  return {
    released: () => released,
    seen({ endpoint: { lane } }) {
      if (!released || !lane.parks) return;
      again();
      throttle.reopened(lane.circuit, lane.failingSinceMs);
    },
    async looked({ endpoint, ready }, verdict) {
      const isOpen = throttle.circuit().state === 'open';
      if (isOpen && released) await reserveLane(db, endpointId, epoch);
      if (isOpen) return again();
      const isIdle = verdict.kind === 'rest' && verdict.state === 'idle' && queues.underWay() === 0;
      const keepsUp = verdict.kind === 'send' && !verdict.probe && ready <= sending.room(endpoint) && sending.isFullSpeed(endpoint);
      if (!isIdle && !keepsUp) lastBehindAt = performance.now();
      if (released || performance.now() - lastBehindAt < timings.caughtUpMs) return;
      released = true;
      await releaseLane(db, endpointId, epoch);
    },
    again,
  };
}
