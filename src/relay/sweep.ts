// The sweep: every 10 s it starts again what should have moved and did not - dispatches not done, deliveries 30 s past their time -, and what was
// put off and comes due. "Already open" is success, so it cures terminated workflows and a Temporal that lost its data, and harms nothing else.
import { overdueDeliveries, type SweepCursor } from '../db/deliveries.ts';
import { overdueDispatches } from '../db/dispatches.ts';
import type { Db } from '../db/pool.ts';
import type { Logger } from '../logger.ts';
import { TemporalAway } from '../temporal/link.ts';
import type { Starter } from '../temporal/starter.ts';

const everyMs = 10_000;
const most = 500;
const startsAtOnce = 8;

export interface Sweep {
  /** Sweeps if 10 s have passed since the last time, or `soon` was said; one call at a time. True: it was due. */
  ifDue(): Promise<boolean>;
  soon(): void;
}

export interface SweepDeps {
  db: Db;
  starter: Starter;
  log: Logger;
}

export function createSweep({ db, starter, log }: SweepDeps): Sweep {
  let nextAt = 0;
  let cursor: SweepCursor | null = null;

  async function run(): Promise<void> {
    const dispatches = await overdueDispatches(db, most);
    await startAll(dispatches, (dispatch) => starter.startDispatch(dispatch));
    const deliveries = await overdueDeliveries(db, cursor, most);
    await startAll(deliveries, (delivery) => starter.startDelivery(delivery, 'sweep'));
    const last = deliveries.at(-1);
    cursor = deliveries.length === most && last ? { dueAt: last.dueAt, deliveryId: last.deliveryId } : null;
    if (cursor) nextAt = 0;
    if (dispatches.length + deliveries.length > 0)
      log.info({ dispatches: dispatches.length, deliveries: deliveries.length }, 'relay.swept');
  }

  return {
    soon() {
      nextAt = 0;
    },
    async ifDue() {
      if (performance.now() < nextAt) return false;
      nextAt = performance.now() + everyMs;
      try {
        await run();
      } catch (error) {
        if (!(error instanceof TemporalAway)) throw error;
        log.warn({ err: error }, 'relay.sweep_without_temporal');
      }
      return true;
    },
  };
}

/** What a sweep at once starts: all of it, without the relay's limits. Returns how many workflows were started or found open. */
export async function sweepAll({ db, starter }: Omit<SweepDeps, 'log'>): Promise<number> {
  let cursor: SweepCursor | null = null;
  let started = 0;
  do {
    const deliveries: Awaited<ReturnType<typeof overdueDeliveries>> = await overdueDeliveries(db, cursor, most);
    await startAll(deliveries, (delivery) => starter.startDelivery(delivery, 'reconcile'));
    started += deliveries.length;
    const last = deliveries.at(-1);
    cursor = deliveries.length === most && last ? { dueAt: last.dueAt, deliveryId: last.deliveryId } : null;
  } while (cursor);
  return started;
}

async function startAll<T>(items: T[], start: (item: T) => Promise<void>): Promise<void> {
  for (let from = 0; from < items.length; from += startsAtOnce) await Promise.all(items.slice(from, from + startsAtOnce).map(start));
}
