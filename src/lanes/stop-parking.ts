// Who may send beside the drain. A lane that has caught up is let go while its drain still runs: deliveries are sent directly again, and the drain only ends what
// is left. So a crowd or an outage that is over leaves no lane behind, however steady the traffic is. A lane with an open circuit is never let go.
import { releaseLane, reserveLane } from '#db/lanes/lane-ownership';
import type { Db } from '#db/store/pool';
import type { EndpointThrottle } from './endpoint-throttle.ts';
import type { LaneQueues } from './lane-queues.ts';
import type { Look } from './reading.ts';
import type { Sending } from './sending.ts';
import type { Verdict } from './verdict.ts';

const caughtUpMs = 1_000;

export interface StopParkingDeps {
  db: Db;
  endpointId: string;
  epoch: number;
  /** As the lane was taken. */
  parks: boolean;
  queues: Pick<LaneQueues, 'underWay'>;
  sending: Pick<Sending, 'room' | 'isFullSpeed'>;
  standing: Pick<EndpointThrottle, 'circuit' | 'reopened'>;
}

export interface StopParking {
  released(): boolean;
  /** To be told what each look says of the lane, before it is judged: somebody else may have opened its circuit. */
  seen(seen: Look): void;
  /** To be told of each look: for a second nothing must have waited that could not be sent at once. */
  looked(seen: Look, verdict: Verdict): Promise<void>;
  /** Others park again. */
  again(): void;
}

export function createStopParking({ db, endpointId, epoch, parks, queues, sending, standing }: StopParkingDeps): StopParking {
  let behindAt = performance.now();
  let released = !parks;

  function again(): void {
    behindAt = performance.now();
    released = false;
  }

  return {
    released: () => released,
    seen({ endpoint: { lane } }) {
      if (!released || !lane.parks) return;
      again();
      standing.reopened(lane.circuit, lane.failingSinceMs);
    },
    async looked({ endpoint, ready }, verdict) {
      const isOpen = standing.circuit().state === 'open';
      if (isOpen && released) await reserveLane(db, endpointId, epoch);
      if (isOpen) return again();
      const isIdle = verdict.kind === 'rest' && verdict.state === 'idle' && queues.underWay() === 0;
      const keepsUp = verdict.kind === 'send' && !verdict.probe && ready <= sending.room(endpoint) && sending.isFullSpeed(endpoint);
      if (!isIdle && !keepsUp) behindAt = performance.now();
      if (released || performance.now() - behindAt < caughtUpMs) return;
      released = true;
      await releaseLane(db, endpointId, epoch);
    },
    again,
  };
}
