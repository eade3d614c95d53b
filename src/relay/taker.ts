// Takes outbox rows without an owner, a few at a time, so that several relays share a burst.
// It goes round the tenants, and skips tenants that have enough events waiting in this process.
import { takeOutboxRows } from '#db/events/outbox';
import type { Db } from '#db/store/pool';
import type { Logger } from '#runtime/logger';
import { type Background, inBackground } from './background.ts';
import type { EventRouter } from './event-router.ts';

const atOnce = 100;

/** The lease that takes rows. Undefined while this process may not take any. */
export type Taking = { id: string; departures: EventRouter } | undefined;

/** Call `soon` when there may be rows without an owner. */
export function createTaker({ db, log, who }: { db: Db; log: Logger; who(): Taking }): Background {
  /** The tenant after which the next take goes on. Null: from the start. */
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
