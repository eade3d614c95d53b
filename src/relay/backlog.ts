// Backpressure: refuses new events with 429 while too many wait in the outbox, of one tenant or of
// all. Ingest calls `admit` before it stores anything. An estimate decides, so no request waits for
// a count. While counting fails, all events are let in.
import type { Db } from '#db/store/pool';
import { BacklogEstimate, type BacklogLimits, type Refusal } from '#domain/events/backlog';
import type { Logger } from '#runtime/logger';
import { createCountSchedule } from './count-outbox-schedule.ts';

const whileRefusingMs = 1_000;
const afterRefusalMs = 60_000;

/** The limit of waiting events is reached. The request was not stored. */
export class TooManyWaiting extends Error {
  override name = 'TooManyWaiting';
  readonly scope: Refusal['scope'];
  readonly retryAfterSeconds: number;

  constructor({ scope, retryAfterSeconds }: Refusal) {
    super(scope === 'all' ? 'too many events wait' : 'too many events of the tenant wait');
    this.scope = scope;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export interface Backlog {
  /**
   * Lets a tenant's events in, or throws TooManyWaiting. Call the returned function once, with the number of events
   * stored.
   */
  admit(tenant: string, events: number): (stored: number) => void;
  /**
   * Whether this process refuses the events of all tenants, and how many tenants it refuses. While it refuses, a call
   * may also start a new count.
   */
  refusing(): { all: boolean; tenants: number };
  /** Stops counting. */
  stop(): void;
}

export interface BacklogDeps {
  db: Db;
  log: Logger;
  limits: BacklogLimits;
}

/**
 * The outbox is counted in the background: once this process has stored 1,000 events since the last count, and every
 * second after a refusal, for up to a minute, so that a client that retries meets a fresh count. Between two counts an
 * estimate decides (src/domain/events/backlog.ts).
 *
 * How far can the outbox exceed a limit? A single process exceeds it only by the rest of one batch, because batches are
 * taken whole. Every further process adds the events it let in since its last count: the 1,000, those that came during
 * the count, and those of the pause after it; at worst its own limit.
 */
export function createBacklog({ db, log, limits }: BacklogDeps): Backlog {
  const estimate = new BacklogEstimate(limits);
  const recount = createCountSchedule({ db, log, limits, estimate });
  let refusedAt = Number.NEGATIVE_INFINITY;
  let recounting: NodeJS.Timeout | undefined;

  function recountWhileRefusing(): void {
    recount.ifOlderThan(whileRefusingMs);
    recounting ??= setInterval(() => {
      if (estimate.refuses() && performance.now() - refusedAt < afterRefusalMs) return recount.ifOlderThan(whileRefusingMs / 2);
      clearInterval(recounting);
      recounting = undefined;
    }, whileRefusingMs).unref();
  }

  return {
    admit(tenant, events) {
      const now = performance.now();
      const refusal = estimate.admit(tenant, events, now);
      if (refusal) {
        refusedAt = now;
        recountWhileRefusing();
        throw new TooManyWaiting(refusal);
      }
      return (stored) => {
        estimate.countStored(tenant, events, stored);
        recount.stored(stored);
      };
    },
    refusing() {
      if (estimate.refuses()) recount.ifOlderThan(whileRefusingMs);
      return estimate.refused();
    },
    stop() {
      clearInterval(recounting);
      recount.stop();
    },
  };
}
