// Decides when to count the outbox for the backlog's estimate: rarely, one count at a time.
// Counting never takes more than a twentieth of the time.
import { countWaiting } from '#db/events/backlog';
import type { Db } from '#db/store/pool';
import type { BacklogEstimate, BacklogLimits } from '#domain/events/backlog';
import type { Logger } from '#runtime/logger';

const maxEventsBetweenCounts = 1_000;
/** Pause for each millisecond of a count, so that counting takes a twentieth of the time. */
const pausePerMs = 19;
/** The pause after counts of more than 3 s. A longer one would let the estimate grow far too high. */
const longestPauseMs = 60_000;

export interface CountSchedule {
  /** Reports events added to the outbox. A thousand of them, or a hundredth of the lower limit, start a count. */
  stored(events: number): void;
  /** Counts if the last count began at least `ms` ago. */
  ifOlderThan(ms: number): void;
  stop(): void;
}

export interface CountScheduleDeps {
  db: Db;
  log: Logger;
  limits: BacklogLimits;
  estimate: BacklogEstimate;
}

export function createCountSchedule({ db, log, limits, estimate }: CountScheduleDeps): CountSchedule {
  const countAfter = Math.max(1, Math.min(maxEventsBetweenCounts, Math.floor(Math.min(limits.perTenant, limits.inAll) / 100)));
  // a tenant with fewer events counts as zero, so it may exceed its limit by a thousandth
  const minPerTenant = Math.max(1, Math.floor(limits.perTenant / 1_000));
  // the first events of a process start a count: it does not know yet how many events wait
  let uncounted = countAfter;
  let startedAt = Number.NEGATIVE_INFINITY;
  let notBefore = Number.NEGATIVE_INFINITY;
  let counting = false;
  let stopped = false;
  let refusing = false;

  function countIf(due: boolean, now: number): void {
    if (due && !counting && !stopped && now >= notBefore) void count(now);
  }

  async function count(atMs: number): Promise<void> {
    counting = true;
    startedAt = atMs;
    uncounted = 0;
    estimate.countBegins();
    try {
      const waiting = await countWaiting(db, minPerTenant);
      estimate.counted({ atMs, ...waiting });
      logChange(waiting.inAll);
    } catch (error) {
      estimate.countFailed(performance.now());
      log.warn({ err: error }, 'backlog.not_counted');
    }
    counting = false;
    const now = performance.now();
    notBefore = now + Math.min((now - atMs) * pausePerMs, longestPauseMs);
  }

  function logChange(waiting: number): void {
    if (refusing === estimate.refuses()) return;
    refusing = !refusing;
    if (refusing) log.warn({ waiting, refused: estimate.refused() }, 'backlog.refusing');
    else log.info({ waiting }, 'backlog.accepting_again');
  }

  return {
    stored(events) {
      uncounted += events;
      countIf(uncounted >= countAfter, performance.now());
    },
    ifOlderThan(ms) {
      const now = performance.now();
      countIf(uncounted >= countAfter || now - startedAt >= ms, now);
    },
    stop() {
      stopped = true;
    },
  };
}
