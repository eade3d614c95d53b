// Reads events from the outbox for a relay, while there is room for them in memory: those that it owns and was never
// given, such as events whose commit got no answer, and those that no relay owns.
import { type OutboxRow, type OwnedEvent, ownOutboxRows, readOwned, takeOutboxRows } from '#db/events/outbox';
import type { Db } from '#db/store/pool';
import type { InMemoryEvents } from './in-memory-events.ts';

const idsAtOnce = 1_000;
const readAtOnce = 100;
const takenAtOnce = 100;

/**
 * The events that the relay owns and does not have in memory, oldest first, page by page. The caller adds each page to
 * `memory` before it asks for the next one.
 */
export async function* ownEvents(db: Db, relayId: string, memory: InMemoryEvents): AsyncGenerator<OwnedEvent[]> {
  for (let after: string | null = null; !memory.isFull(); ) {
    const page: OutboxRow[] = await ownOutboxRows(db, relayId, after, memory.fullFor(), idsAtOnce);
    let missing = page.filter(({ eventId, tenantId }) => !memory.has(eventId) && !memory.isFullFor(tenantId));
    while (missing.length > 0) {
      yield await readOwned(
        db,
        relayId,
        missing.slice(0, readAtOnce).map(({ eventId }) => eventId),
      );
      missing = missing.slice(readAtOnce).filter(({ tenantId }) => !memory.isFullFor(tenantId));
    }
    after = page.at(-1)?.eventId ?? null;
    if (page.length < idsAtOnce) return;
  }
}

/**
 * Takes rows without an owner, a few at a time, so that several relays share a burst. It goes round the tenants, and
 * skips those that have enough events in memory.
 */
export class OrphanTaker {
  readonly #db: Db;
  readonly #relayId: string;
  readonly #memory: InMemoryEvents;
  /** The tenant after which the next take goes on. Null: from the start. */
  #afterTenant: string | null = null;

  constructor(db: Db, relayId: string, memory: InMemoryEvents) {
    this.#db = db;
    this.#relayId = relayId;
    this.#memory = memory;
  }

  /** `more`: there may be further rows; take again. */
  async take(): Promise<{ events: OwnedEvent[]; more: boolean }> {
    if (this.#memory.isFull()) return { events: [], more: false };
    const fromStart = this.#afterTenant === null;
    const take = { except: this.#memory.crowded(), afterTenant: this.#afterTenant, limit: takenAtOnce };
    const events = await takeOutboxRows(this.#db, this.#relayId, take);
    const isFull = events.length === takenAtOnce;
    this.#afterTenant = (isFull && events.at(-1)?.tenantId) || null;
    return { events, more: isFull || !fromStart };
  }
}
