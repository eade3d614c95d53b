// Runs periodic work of the whole installation, each run in one process only. Started in every worker process.
// A run may be repeated, and two may overlap: after the death or a long stall of the process that runs it. So a chore
// must do no harm then.
import { randomUUID } from 'node:crypto';
import { allWork, type ChoreWork, findChoreWork } from '#db/chores/chore-work';
import { claimChores, type EndedRun, finishChores } from '#db/chores/claims';
import { createGroupCommit, type GroupCommit } from '#db/store/group-commit';
import type { Db } from '#db/store/pool';
import { type Timings, usualTimings } from '#domain/timings';
import type { Logger } from '#runtime/logger';
import { LookTimer } from '#runtime/look-timer';
import { pause } from '#runtime/pause';
import { within } from '#runtime/within';

export interface Chore {
  /** Unique. It stays the same across versions. */
  name: string;
  everyMs: number;
  /** No other process claims it for so long. Longer than any run takes. */
  claimMs: number;
  /**
   * Aborted when the process stops. `work`: what there was to do just before, so that a run reads only that. Rejects: the
   * failure is logged, and the chore runs again after `everyMs`, 30 s at most.
   */
  run(signal: AbortSignal, work: ChoreWork): Promise<void>;
  /** The pause after a run that took so long, if it is longer than `everyMs`. Absent: always `everyMs`. */
  pauseMs?(tookMs: number): number;
}

const longestRetryMs = 30_000;
/**
 * Chores of a minute at most run at multiples of their period, so that those of all kinds are due together: then one question
 * serves all of them. Half a period earlier or later, the first time.
 */
const alignedUpToMs = 60_000;
const alignedMs = (everyMs: number, nowMs: number) => Math.round((nowMs + everyMs) / everyMs) * everyMs - nowMs;
/** What is due so soon is claimed, too. */
const earlyOf = (everyMs: number) => Math.min(0.1 * everyMs, 3_000);
const longestWaitMs = 3_600_000;
/** Runs that end within so long of each other are recorded together. */
const lingerMs = 20;
const mostAtOnce = 100;
const recordAgainMs = 1_000;
const usualGiveBackMs = 10_000;

export interface ChoresDeps {
  /** For claims. */
  db: Db;
  /** For the question what there is to do, which may take long. */
  reads: Db;
  chores: Chore[];
  log: Logger;
  /** Default: the usual ones. */
  timings?: Pick<Timings, 'alerts' | 'replays'>;
  giveBackAfterMs?: number;
}

/**
 * Starts all of them at once. `stop` aborts the runs in progress and waits for them. After `giveBackAfterMs` another process
 * may run those that go on: this one may be killed, and their claims may last long.
 */
export function startChores(deps: ChoresDeps): { stop(): Promise<void> } {
  return new Chores(deps);
}

/** Of a run that goes on at once in another process. */
const cutOff = { dueInMs: 0, isDone: false, error: null };

class Chores {
  readonly #db: Db;
  readonly #reads: Db;
  readonly #chores: Chore[];
  readonly #log: Logger;
  readonly #timings: Pick<Timings, 'alerts' | 'replays'>;
  readonly #giveBackAfterMs: number;
  readonly #claimant = randomUUID();
  readonly #stopping = new AbortController();
  readonly #running = new Map<string, Promise<void>>();
  readonly #ended: GroupCommit<EndedRun, null>;
  readonly #timer: LookTimer;

  constructor({ db, reads, chores, log, timings = usualTimings, giveBackAfterMs = usualGiveBackMs }: ChoresDeps) {
    this.#db = db;
    this.#reads = reads;
    this.#chores = chores;
    this.#log = log;
    this.#timings = timings;
    this.#giveBackAfterMs = giveBackAfterMs;
    this.#ended = createGroupCommit({
      write: (ended) => finishChores(db, ended, this.#claimant).then(() => ended.map(() => null)),
      maxWeight: mostAtOnce,
      linger: { ms: lingerMs, enough: mostAtOnce },
    });
    this.#timer = new LookTimer({
      look: () => this.#look(),
      failed: (err) => log.warn({ err }, 'chores.not_claimed'),
      gapMs: () => 0,
    });
    if (chores.length > 0) this.#timer.within(0);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#timer.stop();
    const ended = Promise.all(this.#running.values());
    if (await within(this.#giveBackAfterMs, ended)) return;
    for (const name of this.#running.keys()) void this.#record({ name, ...cutOff });
    await ended;
  }

  /** Claims what is due and begins to run it. Resolves to the milliseconds until the next look. */
  async #look(): Promise<number> {
    const free = this.#chores.filter(({ name }) => !this.#running.has(name));
    const asked = free.map(({ name, claimMs, everyMs }) => ({ name, claimMs, earlyMs: earlyOf(everyMs) }));
    const waits = await claimChores(this.#db, asked, this.#claimant);
    const due = free.filter(({ name }) => waits.get(name) === 0);
    const work = due.length > 0 ? await this.#findWork() : allWork;
    for (const chore of due) this.#running.set(chore.name, this.#run(chore, work));
    return Math.min(...[...waits.values()].filter((ms) => ms > 0), longestWaitMs);
  }

  /** If the question fails, each chore asks for itself. */
  #findWork(): Promise<ChoreWork> {
    return findChoreWork(this.#reads, this.#timings).catch((err) => {
      this.#log.warn({ err }, 'chores.work_not_found');
      return allWork;
    });
  }

  async #run({ name, everyMs, run, pauseMs }: Chore, work: ChoreWork): Promise<void> {
    const { signal } = this.#stopping;
    const beganAt = performance.now();
    // what was claimed just before the stop is given back without a run
    const error = signal.aborted
      ? null
      : await run(signal, work).then(
          () => null,
          (err: unknown) => err,
        );
    if (error !== null && !signal.aborted) this.#log.error({ err: error, chore: name }, 'chore.failed');
    const periodMs = everyMs <= alignedUpToMs ? alignedMs(everyMs, Date.now()) : everyMs;
    const usualMs = Math.max(periodMs, pauseMs?.(performance.now() - beganAt) ?? 0);
    const nextMs = error === null ? usualMs : Math.min(everyMs, longestRetryMs);
    const outcome = signal.aborted ? cutOff : { dueInMs: nextMs, isDone: error === null, error: error === null ? null : String(error) };
    while (!(await this.#record({ name, ...outcome })) && !signal.aborted) await pause(recordAgainMs, signal);
    this.#running.delete(name);
    this.#timer.within(nextMs);
  }

  /** False: PostgreSQL is away. Until it is recorded, the chore counts as running, which would last as long as its claim. */
  #record(ended: EndedRun): Promise<boolean> {
    return this.#ended.add(ended).then(
      () => true,
      (err) => {
        this.#log.warn({ err, chore: ended.name }, 'chore.not_recorded');
        return false;
      },
    );
  }
}
