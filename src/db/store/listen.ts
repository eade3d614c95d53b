// Notifications between processes of committed outbox rows and parked deliveries. They only save time: relays also look
// every second. They are received by `createListener`.
import type { Logger } from '#runtime/logger';
import type { Db } from './pool.ts';

/** Payload: deliveries may have become due. The payload for outbox rows without an owner is empty. */
export const sweepWord = 'sweep';

/** Payload: a delivery that relays attempt without a workflow may have become due. */
export const pumpWord = 'pump';

/** Payload: lanes are due that no workflow wakes for. */
export const lanesHereWord = 'lanes-here';

const lanesWord = 'lanes ';
/** A notification carries less than 8,000 bytes. */
const lanesAtOnce = 150;

/** Notifies drains that deliveries were parked for their lanes. Not awaited: drains also look without it. */
export function nudgeLanes(db: Db, endpointIds: string[], log: Logger): void {
  for (let from = 0; from < endpointIds.length; from += lanesAtOnce) {
    const word = `${lanesWord}${endpointIds.slice(from, from + lanesAtOnce).join(',')}`;
    db.query('select pg_notify($1, $2)', ['posthorn_outbox', word]).catch((error) => log.debug({ err: error }, 'listen.not_nudged'));
  }
}

/** The endpoints of a payload that `nudgeLanes` sent; null: another payload. */
export function nudgedLanes(word: string): string[] | null {
  return word.startsWith(lanesWord) ? word.slice(lanesWord.length).split(',') : null;
}

/** Asks all relays to sweep now. Not awaited: they sweep every 10 s anyway. */
export function askForSweep(db: Db, log: Logger): void {
  tellRelays(db, sweepWord, log);
}

/** Tells all relays one of the words above. Not awaited: it only saves time. */
export function tellRelays(db: Db, word: string, log: Logger): void {
  db.query('select pg_notify($1, $2)', ['posthorn_outbox', word]).catch((error) => log.debug({ err: error }, 'listen.not_asked'));
}
