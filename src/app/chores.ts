// The periodic work of the installation (src/chores/chores.ts).
import type { Chore } from '#chores/chores';
import type { Core } from './core.ts';

export function choresOf({ replays, timings }: Core): Chore[] {
  return [
    { name: 'replays', everyMs: timings.replays.lookEveryMs, claimMs: 120_000, run: () => replays.lookAfter() },
    { name: 'old-replays', everyMs: 3_600_000, claimMs: 600_000, run: (signal) => replays.deleteOld(signal) },
  ];
}
