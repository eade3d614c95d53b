// Runs periodic work of the whole installation, each run in one process only. Started in every worker process.
// A run may be repeated, and two may overlap: after the death or a long stall of the process that runs it. So a chore
// must do no harm then.
import { claimChore, finishChore } from '#db/store/chores';
import type { Db } from '#db/store/pool';
import type { Logger } from '#runtime/logger';
import { LookTimer } from '#runtime/look-timer';

export interface Chore {
  /** Unique. It stays the same across versions. */
  name: string;
  everyMs: number;
  /** No other process claims it for so long. Longer than any run takes. */
  claimMs: number;
  /** Aborted when the process stops. Rejects: the failure is logged, and the chore runs again after `everyMs`, 30 s at most. */
  run(signal: AbortSignal): Promise<void>;
  /** The pause after a run that took so long, if it is longer than `everyMs`. Absent: always `everyMs`. */
  pauseMs?(tookMs: number): number;
}

const longestRetryMs = 30_000;

/** Starts all of them at once. `stop` aborts the runs in progress and waits for them. */
export function startChores(db: Db, chores: Chore[], log: Logger): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const timers = chores.map((chore) => {
    const timer = new LookTimer({
      look: () => look(db, chore, log, stopping.signal),
      failed: (err) => log.warn({ err, chore: chore.name }, 'chore.not_claimed'),
      gapMs: () => 0,
    });
    timer.within(0);
    return timer;
  });
  return {
    async stop() {
      stopping.abort();
      await Promise.all(timers.map((timer) => timer.stop()));
    },
  };
}

/** Resolves to the milliseconds until the next look. */
async function look(db: Db, chore: Chore, log: Logger, signal: AbortSignal): Promise<number> {
  const { name, everyMs, claimMs } = chore;
  const waitMs = await claimChore(db, name, claimMs);
  if (waitMs > 0) return waitMs;
  const beganAt = performance.now();
  const error = await chore.run(signal).then(
    () => null,
    (err: unknown) => err,
  );
  if (error !== null && !signal.aborted) log.error({ err: error, chore: name }, 'chore.failed');
  const pauseMs = Math.max(everyMs, chore.pauseMs?.(performance.now() - beganAt) ?? 0);
  const nextMs = error === null ? pauseMs : Math.min(everyMs, longestRetryMs);
  // a run that was cut off goes on at once in another process
  await finishChore(db, name, signal.aborted ? 0 : nextMs, error === null ? null : String(error));
  return nextMs;
}
