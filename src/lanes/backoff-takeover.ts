// Parks the deliveries of an endpoint that are in backoff. Called when a drain begins; from then on
// the lane sends them. Safe to repeat: a delivery that is held already is not parked again.
import { parkSleeping } from '#db/lanes/parking';
import type { Db } from '#db/store/pool';
import type { Logger } from '#runtime/logger';
import type { DeliveryStarter } from './lane-request.ts';

const page = 500;
const maxSignals = 100;

export interface BackoffTakeoverDeps {
  db: Db;
  starter: Pick<DeliveryStarter, 'look'>;
  log: Logger;
}

/** Signals the workflows of the first 100 deliveries. The other workflows read the change when they wake. */
export async function takeOverBackoff({ db, starter, log }: BackoffTakeoverDeps, endpointId: string, stopping: AbortSignal): Promise<void> {
  for (let signalled = 0; !stopping.aborted; ) {
    const parked = await parkSleeping(db, endpointId, page);
    const toSignal = parked.filter(({ pumped }) => !pumped).slice(0, Math.max(0, maxSignals - signalled));
    signalled += toSignal.length;
    void Promise.all(toSignal.map((one) => starter.look(one, 'its lane'))).catch((error) => log.debug({ err: error }, 'lane.not_told'));
    if (parked.length < page) return;
  }
}
