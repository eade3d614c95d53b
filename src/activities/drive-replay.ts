// driveReplay: counts what a replay job matches, hands its deliveries over page by page, and counts their results, for some
// seconds; then it returns, and is called again. The row of the job decides and has the cursor, so a repeat, or two at once,
// replays nothing twice. Idempotency key: the job.
import { Context } from '@temporalio/activity';
import type { ReplayProgress } from '#contract/workflow-contract';
import type { Opening } from '#db/events/read-content';
import { countSelected } from '#db/replays/count-selected';
import { handOver, type Page } from '#db/replays/hand-over';
import { areEventsUnderWay } from '#db/replays/never-attempted';
import { clearFaults, countFault, type Job, readJob, saveCount, touchJob } from '#db/replays/replay-job';
import { readReplay } from '#db/replays/replays';
import { countResults, endReplay, failReplay } from '#db/replays/results';
import type { Selected } from '#db/replays/selection';
import { isLockTimeout, isStoreAway } from '#db/store/errors';
import type { Db } from '#db/store/pool';
import type { Lanes } from '#domain/lanes/lane';
import { type Timings, usualTimings } from '#domain/timings';
import type { Reached } from '#runtime/checkpoints';
import { pause } from '#runtime/pause';
import { startHeartbeats } from './heartbeats.ts';

const sliceMs = 10_000;
/** A failing page is repeated. After so many failures in a row in all processes, which are none of the store, the job has failed. */
const mostFaults = 20;
const mostInPage = 1_000;
/** Pages of results at once. */
const resultPages = 5;
const longestUnderWayMs = 15_000;
/** While so many deliveries, or those of so many seconds, wait for their attempt, no more are handed over. */
const mostDue = { deliveries: 1_000, seconds: 10 };

export interface DriveReplayDeps {
  db: Db;
  contents: Opening;
  lanes: Lanes;
  timings?: Pick<Timings, 'heartbeat' | 'replays'> | undefined;
  reached?: Reached | undefined;
  /** Aborted when the process stops: another one goes on at once. */
  stopping?: AbortSignal | undefined;
}

export function createDriveReplay(deps: DriveReplayDeps) {
  return async function driveReplay({ replayId }: { replayId: string }): Promise<ReplayProgress> {
    const context = Context.current();
    const stop = AbortSignal.any([context.cancellationSignal, ...(deps.stopping ? [deps.stopping] : [])]);
    const beat = startHeartbeats(context, (deps.timings ?? usualTimings).heartbeat.replay.everyMs);
    try {
      await new Drive(deps, replayId, stop).run();
    } catch (error) {
      if (context.cancellationSignal.aborted) return readProgress(deps.db, replayId);
      if (stop.aborted || isStoreAway(error) || isLockTimeout(error)) throw error;
      if ((await countFault(deps.db, replayId)) < mostFaults) throw error;
      await failReplay(deps.db, replayId, error instanceof Error ? error.message : String(error));
    } finally {
      clearInterval(beat);
    }
    return readProgress(deps.db, replayId);
  };
}

/** A job whose row is gone counts as cancelled. */
async function readProgress(db: Db, replayId: string): Promise<ReplayProgress> {
  const record = await readReplay(db, replayId);
  if (!record)
    return { status: 'cancelled', matched: 0, done: 0, succeeded: 0, failed: 0, skipped: 0, waiting: 0, perSecond: 0, rate: null };
  const { status, matched, done, succeeded, failed, skipped, waiting, perSecond, rate } = record;
  return { status, matched, done, succeeded, failed, skipped, waiting, perSecond, rate };
}

/** One call of the activity. */
class Drive {
  readonly #deps: DriveReplayDeps;
  readonly #replayId: string;
  readonly #stop: AbortSignal;
  readonly #timings: Timings['replays'];
  /** Deliveries that wait for their attempt, in the pages of results up to now and in the last whole round. */
  #due = 0;
  #dueInAll = 0;
  #resultsAfter: string | null = null;
  #resultsAt = 0;

  constructor(deps: DriveReplayDeps, replayId: string, stop: AbortSignal) {
    this.#deps = deps;
    this.#replayId = replayId;
    this.#stop = stop;
    this.#timings = (deps.timings ?? usualTimings).replays;
  }

  /** Until the job does not run, the time is over, or the activity is cancelled. */
  async run(): Promise<void> {
    const { db } = this.#deps;
    await touchJob(db, this.#replayId);
    const job = await readJob(db, this.#replayId);
    // then the workflow shows how many they are
    if (job?.status === 'counting') return this.#count(job.selected);
    const until = performance.now() + sliceMs;
    while (performance.now() < until && !this.#stop.aborted) {
      const waitMs = await this.#step();
      if (waitMs === null) return;
      if (waitMs > 0) await pause(Math.min(Math.max(waitMs, this.#timings.pageEveryMs), 2 * this.#timings.pageEveryMs), this.#stop);
    }
  }

  /** Events that were accepted a moment ago are dispatched first, unless that takes long, because Temporal is away say. */
  async #count(selected: Selected): Promise<void> {
    const { db, contents } = this.#deps;
    const until = performance.now() + longestUnderWayMs;
    while (selected.neverAttempted && performance.now() < until && !this.#stop.aborted && (await areEventsUnderWay(db, selected)))
      await pause(this.#timings.pageEveryMs, this.#stop);
    await saveCount(db, this.#replayId, await countSelected(db, contents, selected, () => this.#stop.throwIfAborted()));
  }

  /** Returns how long to wait; null: the job does not run any more. */
  async #step(): Promise<number | null> {
    const { db, contents, reached } = this.#deps;
    const job = await readJob(db, this.#replayId);
    if (job?.status !== 'running') return null;
    const isCounted = performance.now() >= this.#resultsAt;
    if (isCounted) await this.#countResults(job);
    if (job.phase === 'results') return this.#awaitResults(job, isCounted);
    if (this.#dueInAll > Math.max(mostDue.deliveries, mostDue.seconds * job.perSecond)) return this.#timings.pageEveryMs;
    const page = await handOver(db, contents, this.#replayId, { aheadMs: this.#timings.aheadMs, most: mostInPage });
    if (job.faults > 0) await clearFaults(db, this.#replayId);
    await reached?.('replay page handed over');
    if (page?.status !== 'running') return null;
    await this.#wakeLanes(page);
    return page.waitMs;
  }

  async #awaitResults(job: Job, isCounted: boolean): Promise<number | null> {
    if (isCounted && job.faults > 0) await clearFaults(this.#deps.db, this.#replayId);
    return isCounted && (await this.#isEnded(job)) ? null : this.#timings.pageEveryMs;
  }

  /** If the process dies before, the sweep finds these lanes within a minute. */
  async #wakeLanes({ held, unblocked }: Page): Promise<void> {
    for (const endpointId of unblocked) await this.#deps.lanes.changed(endpointId);
    if (held.length > 0) await this.#deps.lanes.parked(held);
  }

  async #countResults({ phase, quietMs }: Job): Promise<void> {
    const isLast = phase === 'results' && quietMs > this.#timings.refusedAfterMs;
    for (let page = 0; page === 0 || (page < resultPages && this.#resultsAfter !== null); page++) {
      const { due, next } = await countResults(this.#deps.db, this.#replayId, this.#resultsAfter, isLast);
      this.#due += due;
      this.#resultsAfter = next;
    }
    this.#resultsAt = performance.now() + this.#timings.resultsEveryMs;
    if (this.#resultsAfter === null) [this.#dueInAll, this.#due] = [this.#due, 0];
  }

  #isEnded({ quietMs }: Job): Promise<boolean> {
    return endReplay(this.#deps.db, this.#replayId, quietMs > this.#timings.quietAfterMs);
  }
}
