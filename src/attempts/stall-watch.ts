// Detects that the process was suspended (SIGSTOP, a machine that slept, a blocked event loop).
// Another process may have taken over its work in that time, so rows read before must not be used.

import { usualTimings } from '#domain/timings';

export interface StallWatch {
  /** A mark to pass to `stalledSince` later. */
  mark(): number;
  /** True when the process was suspended for longer than `afterMs` at some time since the mark. */
  stalledSince(mark: number): boolean;
}

export function createStallWatch({ tickMs, afterMs } = usualTimings.stall): StallWatch {
  let last = { monotonic: performance.now(), wall: Date.now() };
  let stalls = 0;

  function look(): void {
    const now = { monotonic: performance.now(), wall: Date.now() };
    // The monotonic clock may stop while the machine sleeps. A wall clock that was set forward costs one repeated call.
    if (now.monotonic - last.monotonic > afterMs || now.wall - last.wall > afterMs) stalls++;
    last = now;
  }

  setInterval(look, tickMs).unref();
  return {
    mark() {
      look();
      return stalls;
    },
    stalledSince(mark) {
      look();
      return stalls !== mark;
    },
  };
}
