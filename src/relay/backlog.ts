// Backpressure: refuses events while too many wait in the outbox, of their tenant or in all.
//
// No request waits for a count, and none is made while nothing comes in: the outbox is counted in the background once this process has stored 1,000
// events since the last time, and each second from a refusal on until it is over or a minute has passed, so that who comes again meets a fresh count.
// In between an estimate decides (src/domain/backlog.ts). While counting fails everything is let in: when PostgreSQL is away it says so itself.
//
// How many may wait beyond a limit? What one process lets in stays within it, but for the rest of a batch, which is taken whole. Each further process may
// add what it let in since it last counted: those 1,000, what came during the count, and what came in the pause after it; at worst its own limit.
import type { Db } from '#db/store/pool';
import { type BacklogLimits, createBacklogEstimate, type Refusal } from '#domain/backlog';
import type { Logger } from '#runtime/logger';
import { createCountSchedule } from './count-outbox-schedule.ts';

const whileRefusingMs = 1_000;
const afterRefusalMs = 60_000;

/** Nothing of this request is stored. */
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
  /** Lets a tenant's events in, or throws TooManyWaiting. Call what is returned once, with how many were stored. */
  admit(tenant: string, events: number): (stored: number) => void;
  /** Whether everybody is refused, and how many tenants are, as this process sees it. While it refuses, asking is a reason to count again. */
  refusing(): { all: boolean; tenants: number };
  /** Counts no more. */
  stop(): void;
}

export interface BacklogDeps {
  db: Db;
  log: Logger;
  limits: BacklogLimits;
}

export function createBacklog({ db, log, limits }: BacklogDeps): Backlog {
  const estimate = createBacklogEstimate(limits);
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
        estimate.settle(tenant, events, stored);
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
