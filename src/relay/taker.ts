// Takes outbox rows without an owner, a few at a time, so that several relays share what a burst leaves, and in turns over the tenants. Of a tenant that
// has enough waiting here none are taken: relays that have fewer take them.
import { takeOutboxRows } from '#db/events/outbox';
import type { Db } from '#db/store/pool';
import type { Logger } from '#runtime/logger';
import { type Background, inBackground } from './background.ts';
import type { EventRouter } from './event-router.ts';

const atOnce = 100;

/** Who takes: undefined while nobody may. */
export type Taking = { id: string; departures: EventRouter } | undefined;

/** `soon`: there may be rows. */
export function createTaker({ db, log, who }: { db: Db; log: Logger; who(): Taking }): Background {
  /** Where the last take ended; null: it had come to the end. */
  let afterTenant: string | null = null;

  async function take(): Promise<void> {
    const taker = who();
    if (!taker || taker.departures.isFull()) return;
    const begunAtFirst = afterTenant === null;
    const events = await takeOutboxRows(db, taker.id, { except: taker.departures.crowded(), afterTenant, limit: atOnce });
    if (who()?.id === taker.id) taker.departures.add(events);
    const isFull = events.length === atOnce;
    afterTenant = (isFull && events.at(-1)?.tenantId) || null;
    if (isFull || !begunAtFirst) taking.soon();
  }

  const taking = inBackground(take, (error) => log.warn({ err: error }, 'relay.take_failed'));
  return taking;
}
