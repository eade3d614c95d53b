// When the outbox is counted for the backlog's estimate: rarely, one count at a time, and never more than a twentieth of the time.
import { countWaiting } from '#db/events/backlog';
import type { Db } from '#db/store/pool';
import type { BacklogEstimate, BacklogLimits } from '#domain/backlog';
import type { Logger } from '#runtime/logger';

const mostBetweenCounts = 1_000;
/** For each millisecond of a count: counting is a twentieth of the time. */
const pausePerMs = 19;
/** After counts of more than 3 s, lest the estimate ends up far too high. */
const longestPauseMs = 60_000;

export interface CountSchedule {
  /** So many more are in the outbox: a thousand of them, or a hundredth of the lower limit, are a reason to count. */
  stored(events: number): void;
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
  const countAfter = Math.max(1, Math.min(mostBetweenCounts, Math.floor(Math.min(limits.perTenant, limits.inAll) / 100)));
  // a tenant with fewer is taken to have none: a thousandth more of it may wait than should
  const worthTelling = Math.max(1, Math.floor(limits.perTenant / 1_000));
  // the first events of a process make it count: what waits already is not known to it
  let uncounted = countAfter;
  let begunAt = Number.NEGATIVE_INFINITY;
  let notBefore = Number.NEGATIVE_INFINITY;
  let counting = false;
  let stopped = false;
  let refusing = false;

  function countIf(due: boolean, now: number): void {
    if (due && !counting && !stopped && now >= notBefore) void count(now);
  }

  async function count(atMs: number): Promise<void> {
    counting = true;
    begunAt = atMs;
    uncounted = 0;
    estimate.countBegins();
    try {
      const waiting = await countWaiting(db, worthTelling);
      estimate.counted({ atMs, ...waiting });
      tell(waiting.inAll);
    } catch (error) {
      estimate.countFailed(performance.now());
      log.warn({ err: error }, 'backlog.not_counted');
    }
    counting = false;
    const now = performance.now();
    notBefore = now + Math.min((now - atMs) * pausePerMs, longestPauseMs);
  }

  function tell(waiting: number): void {
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
      countIf(uncounted >= countAfter || now - begunAt >= ms, now);
    },
    stop() {
      stopped = true;
    },
  };
}
