// Counts what was accepted and attempted into the statistics, and what waits (docs/stats.md).
import { countBacklogs } from '#db/stats/backlogs';
import { deleteOldStats } from '#db/stats/old-stats';
import { countMinutes, finishMinutes } from '#db/stats/roll-up';
import type { StoredMarkers } from '#db/stats/stored-markers';
import type { Db } from '#db/store/pool';
import type { Chore } from './chores.ts';

/** A run takes at most this share of the time, so at a high rate it runs less often. */
const share = 0.02;
const longestPauseMs = 60_000;
/** Without a change nothing is counted, except so often. */
const surelyMs = 600_000;
/** A statement that makes so many minutes final at once is soon done, whatever they contain: it stays well below 30 s. */
const quickMs = 500;
const slowMs = 3_000;
const mostMinutes = 360;
/** The rest waits for the next run, so that the minutes up to now are counted, too. */
const longestMs = 10_000;

/** `everyMs`: how old the figures are at most while a run takes little. */
export function statsChores(db: Db, everyMs: number, hourDays: number): Chore[] {
  const finish = finisher(db);
  const count = unlessUnchanged('counted', () => countMinutes(db));
  const countWaiting = unlessUnchanged('waiting', () => countBacklogs(db));
  return [
    {
      name: 'stats',
      everyMs,
      claimMs: 120_000,
      async run(signal, { minutes, stored }) {
        if (minutes) await finish(signal);
        await count(stored);
      },
      pauseMs: restAfter(),
    },
    {
      name: 'stats-backlogs',
      everyMs,
      claimMs: 60_000,
      run: (_signal, { stored }) => countWaiting(stored),
      pauseMs: restAfter(),
    },
    {
      name: 'stats-old',
      everyMs: 3_600_000,
      claimMs: 600_000,
      async run(signal) {
        while (!signal.aborted && (await deleteOldStats(db, hourDays)));
      },
    },
  ];
}

/** The first run of a process is not counted: most of it is planning, which is done once. */
function restAfter(): (tookMs: number) => number {
  let runs = 0;
  return (tookMs) => (runs++ === 0 ? 0 : Math.min(longestPauseMs, tookMs / share));
}

/** Runs it unless nothing was stored since it last ran here. */
function unlessUnchanged(which: keyof StoredMarkers, run: () => Promise<void>): (stored: StoredMarkers | null) => Promise<void> {
  let last: { marker: string | undefined; at: number } | null = null;
  return async (stored) => {
    const marker = stored?.[which];
    const at = performance.now();
    if (last && marker !== undefined && last.marker === marker && at - last.at < surelyMs) return;
    await run();
    last = { marker, at };
  };
}

/** Makes minutes final until none is left, in larger steps while they are quick: after a day away, or an upgrade. */
function finisher(db: Db): (signal: AbortSignal) => Promise<void> {
  let most = 1;
  return async (signal) => {
    const until = performance.now() + longestMs;
    while (!signal.aborted && performance.now() < until) {
      const beganAt = performance.now();
      const asked = most;
      // after a failure, such as a timeout, it begins small again
      most = 1;
      const finished = await finishMinutes(db, asked);
      const tookMs = performance.now() - beganAt;
      most = tookMs > slowMs ? Math.ceil(asked / 2) : tookMs < quickMs ? Math.min(mostMinutes, asked * 2) : asked;
      if (finished < asked) return;
    }
  };
}
