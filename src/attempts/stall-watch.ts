// Detects that the process was suspended (SIGSTOP, a machine that slept, a blocked event loop).
// Another process may have taken over its work in that time, so rows read before must not be used.

import { usualTimings } from '#domain/timings';

export interface StallWatch {
  /** A mark to pass to `stalledSince` later. */
  mark(): number;
  /** True when the process was suspended for longer than `afterMs` at some time since the mark. */
  stalledSince(mark: number): boolean;
}

/** So long after the last mark nothing is under way any more that could ask. */
const watchesForMs = 60_000;

/** A process without marks is not watched: a question about an older mark is answered by `true`, which repeats a call at most. */
export function createStallWatch({ tickMs, afterMs } = usualTimings.stall): StallWatch {
  let last = { monotonic: performance.now(), wall: Date.now() };
  let markedAt = 0;
  let stalls = 0;
  let watching: NodeJS.Timeout | undefined;

  function look(): void {
    const now = { monotonic: performance.now(), wall: Date.now() };
    // The monotonic clock may stop while the machine sleeps. A wall clock that was set forward costs one repeated call.
    if (now.monotonic - last.monotonic > afterMs || now.wall - last.wall > afterMs) stalls++;
    last = now;
  }

  function lookWhileMarked(): void {
    look();
    if (last.monotonic - markedAt < watchesForMs) return;
    clearInterval(watching);
    watching = undefined;
  }

  return {
    mark() {
      look();
      markedAt = last.monotonic;
      watching ??= setInterval(lookWhileMarked, tickMs).unref();
      return stalls;
    },
    stalledSince(mark) {
      look();
      return stalls !== mark;
    },
  };
}
