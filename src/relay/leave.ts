// Ends a relay when its process is asked to stop: waiting events go to other relays at once.
// Attempts in flight are finished and recorded first. If the process dies here, the lease expires.

import { freeOutboxRows, retireRelay } from '#db/events/relays';
import type { Db } from '#db/store/pool';
import type { Logger } from '#runtime/logger';

export interface LeavingRelay {
  db: Db;
  log: Logger;
  relayId: string;
  /** Resolves when the attempts in flight are recorded. Nothing more is begun meanwhile. */
  ended: Promise<void>;
  /** Resolves when the relay takes no more outbox rows. */
  taken: Promise<void>;
  /** The events that have attempts in flight. */
  eventsInFlight(): string[];
  renew(): Promise<unknown>;
  renewEveryMs: number;
}

/**
 * Renews the lease until the attempts in flight have ended. If the lease expired earlier, another relay would take over
 * their rows and send the same requests again.
 */
export async function leave({ db, log, relayId, ended, taken, eventsInFlight, renew, renewEveryMs }: LeavingRelay): Promise<void> {
  const failed = (error: unknown) => log.warn({ err: error, relayId }, 'relay.not_retired');
  const free = () => freeOutboxRows(db, relayId, eventsInFlight()).catch(failed);
  const renewing = setInterval(() => {
    void renew().catch(failed);
    // an attempt that had begun may still be dropped before its request
    void free();
  }, renewEveryMs);
  await taken;
  await free();
  await ended;
  clearInterval(renewing);
  await retireRelay(db, relayId).catch(failed);
}
