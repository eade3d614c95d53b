// Notices that this process stood still: stopped by SIGSTOP, a machine put to sleep, a blocked event loop. Whoever lost contact with us meanwhile
// may have given our work to another, so what was read before is not to be acted on.

const tickMs = 250;
/** Less than what it takes to lose contact: heartbeats go out every 1.5 s and must come every 5 s. */
const stallMs = 2_000;

export interface StallWatch {
  /** A mark to ask about later. */
  mark(): number;
  /** True when the process stood still for longer than 2 s at some time since the mark. */
  stalledSince(mark: number): boolean;
}

export function createStallWatch(): StallWatch {
  let last = { monotonic: performance.now(), wall: Date.now() };
  let stalls = 0;

  function look(): void {
    const now = { monotonic: performance.now(), wall: Date.now() };
    // the monotonic clock may stand still with the machine; a clock that was set forward only costs a call
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
