// Takes rows of nobody from the outbox, a few at a time, so that several relays share what a burst leaves; what is asked for while it takes counts
// once more. Of a tenant that has enough waiting here none are taken: relays that have fewer take them.
import { takeOutboxRows } from '../db/outbox.ts';
import type { Db } from '../db/pool.ts';
import type { Logger } from '../logger.ts';
import type { Departures } from './departures.ts';

const atOnce = 100;

/** Who takes: undefined while nobody may. */
export type Taking = { id: string; departures: Departures } | undefined;

export interface Taker {
  /** There may be rows: takes them, in the background. */
  soon(): void;
  /** Resolves when nothing is being taken. */
  idle(): Promise<void>;
}

export function createTaker({ db, log, who }: { db: Db; log: Logger; who(): Taking }): Taker {
  let asked = false;
  let taking: Promise<void> | undefined;

  async function take(): Promise<void> {
    while (asked) {
      asked = false;
      const taker = who();
      if (!taker || taker.departures.isFull()) return;
      const events = await takeOutboxRows(db, taker.id, taker.departures.crowded(), atOnce);
      if (who()?.id === taker.id) taker.departures.add(events);
      asked ||= events.length === atOnce;
    }
  }

  function soon(): void {
    asked = true;
    taking ??= take()
      .catch((error) => log.warn({ err: error }, 'relay.take_failed'))
      .finally(() => {
        taking = undefined;
        if (asked) soon();
      });
  }

  return { soon, idle: async () => taking };
}
