// Detects that the process was suspended (SIGSTOP, a machine that slept, a blocked event loop).
// Another process may have taken over its work in that time, so rows read before must not be used.

const tickMs = 250;
/** Shorter than the time until a takeover: heartbeats go out every 1.5 s, and must arrive every 5 s. */
const stallMs = 2_000;

export interface StallWatch {
  /** A mark to pass to `stalledSince` later. */
  mark(): number;
  /** True when the process was suspended for longer than 2 s at some time since the mark. */
  stalledSince(mark: number): boolean;
}

export function createStallWatch(): StallWatch {
  let last = { monotonic: performance.now(), wall: Date.now() };
  let stalls = 0;

  function look(): void {
    const now = { monotonic: performance.now(), wall: Date.now() };
    // The monotonic clock may stop while the machine sleeps. A wall clock that was set forward costs one repeated call.
    if (now.monotonic - last.monotonic > stallMs || now.wall - last.wall > stallMs) stalls++;
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
