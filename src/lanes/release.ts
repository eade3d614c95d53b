// A lane that has caught up is let go while its drain still runs: who would send to the endpoint directly may do so again, and the drain only ends what is left. So
// a crowd or an outage that is over leaves no lane behind, however steady the traffic is.
import { releaseLane } from '../db/lane-ownership.ts';
import type { Db } from '../db/pool.ts';
import type { Lines } from './lines.ts';
import type { Look } from './reading.ts';
import type { Sending } from './sending.ts';
import type { Verdict } from './verdict.ts';

const caughtUpMs = 1_000;

export interface ReleaseDeps {
  db: Db;
  endpointId: string;
  epoch: number;
  lines: Pick<Lines, 'underWay'>;
  sending: Pick<Sending, 'room' | 'isFullSpeed'>;
}

export interface Release {
  /** To be told of each look: for a second nothing must have waited that could not be sent at once. */
  looked(seen: Look, verdict: Verdict): Promise<void>;
  /** Others park again. */
  again(): void;
}

export function createRelease({ db, endpointId, epoch, lines, sending }: ReleaseDeps): Release {
  let behindAt = performance.now();
  let released = false;

  return {
    async looked({ endpoint, ready }, verdict) {
      const isIdle = verdict.kind === 'rest' && verdict.state === 'idle' && lines.underWay() === 0;
      const keepsUp = verdict.kind === 'send' && !verdict.probe && ready <= sending.room(endpoint) && sending.isFullSpeed(endpoint);
      if (!isIdle && !keepsUp) behindAt = performance.now();
      if (released || performance.now() - behindAt < caughtUpMs) return;
      released = true;
      await releaseLane(db, endpointId, epoch);
    },
    again() {
      behindAt = performance.now();
      released = false;
    },
  };
}
