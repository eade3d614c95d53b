// What a command does when it is told to stop: it ends in order, and at once when it is told a second time.
import { constants } from 'node:os';

/** A terminal and npm each pass on one Ctrl-C, so two signals right after each other are one. */
const repeatedSignalMs = 500;

/** Calls `stop` at the first SIGINT, SIGTERM or SIGHUP. A later one ends the process. */
export function onStopSignal(stop: () => void): void {
  let askedAt: number | null = null;
  const asked = (signal: NodeJS.Signals) => {
    const now = performance.now();
    if (askedAt !== null && now - askedAt > repeatedSignalMs) endAtOnce(signal);
    if (askedAt !== null) return;
    askedAt = now;
    stop();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, asked);
}

/** What is in flight is not recorded, and is sent again by another process. */
function endAtOnce(signal: NodeJS.Signals): never {
  process.stderr.write('Stopped at once, because it was told to stop a second time.\n');
  process.exit(128 + constants.signals[signal]);
}
