// How a relay leaves when its process is asked to end: what waits goes to others at once, what is under way is finished and recorded first.

import { freeOutboxRows, retireRelay } from '#db/events/relays';
import type { Db } from '#db/store/pool';
import type { Logger } from '#runtime/logger';

const renewEveryMs = 1_000;

export interface LeavingRelay {
  db: Db;
  log: Logger;
  relayId: string;
  /** Nothing more is begun, and what is under way is recorded when this resolves. */
  ended: Promise<void>;
  /** It takes no more rows when this resolves. */
  taken: Promise<void>;
  /** The events of which attempts are under way. */
  eventsUnderWay(): string[];
  renew(): Promise<unknown>;
}

/** Others take the rows of whoever is not seen, and would post again what is under way here: so it is seen until that has ended. */
export async function leave({ db, log, relayId, ended, taken, eventsUnderWay, renew }: LeavingRelay): Promise<void> {
  const failed = (error: unknown) => log.warn({ err: error, relayId }, 'relay.not_retired');
  const keepSeen = setInterval(() => void renew().catch(failed), renewEveryMs);
  await taken;
  await freeOutboxRows(db, relayId, eventsUnderWay()).catch(failed);
  await ended;
  clearInterval(keepSeen);
  await retireRelay(db, relayId).catch(failed);
}
