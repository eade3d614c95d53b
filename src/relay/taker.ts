// Takes rows of nobody from the outbox, a few at a time, so that several relays share what a burst leaves. Of a tenant that has
// enough waiting here none are taken: relays that have fewer take them.
import { takeOutboxRows } from '../db/outbox.ts';
import type { Db } from '../db/pool.ts';
import type { Logger } from '../logger.ts';
import { type Background, inBackground } from './background.ts';
import type { Departures } from './departures.ts';

const atOnce = 100;

/** Who takes: undefined while nobody may. */
export type Taking = { id: string; departures: Departures } | undefined;

/** `soon`: there may be rows. */
export function createTaker({ db, log, who }: { db: Db; log: Logger; who(): Taking }): Background {
  async function take(): Promise<void> {
    const taker = who();
    if (!taker || taker.departures.isFull()) return;
    const events = await takeOutboxRows(db, taker.id, taker.departures.crowded(), atOnce);
    if (who()?.id === taker.id) taker.departures.add(events);
    if (events.length === atOnce) taking.soon();
  }

  const taking = inBackground(take, (error) => log.warn({ err: error }, 'relay.take_failed'));
  return taking;
}
