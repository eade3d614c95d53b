// The periodic work of the installation (src/chores/chores.ts).
import type { Chore } from '#chores/chores';
import { indexPartitions } from '#chores/partition-indexes';
import { eraseOldPayloads } from '#chores/payload-retention';
import { dropOldDays } from '#chores/retention';
import { statsChores } from '#chores/stats';
import { deadLetterWindowMs } from '#config/config';
import { deleteOldSandboxRequests } from '#db/sandbox/sandbox-requests';
import type { Reached } from '#runtime/checkpoints';
import type { Alerts } from './alerts.ts';
import type { Core } from './core.ts';

/** Of a worker. A server without a worker runs only `alerts.chores`. */
export function choresOf({ config, db, replays, waker: lanes, log, timings }: Core, alerts: Alerts, reached?: Reached): Chore[] {
  const keepDays = config.POSTHORN_RETENTION_DAYS;
  const days = { db, lanes, log, keepDays, deadLetterWindowMs: deadLetterWindowMs(config), reached };
  return [
    ...alerts.chores,
    ...statsChores(db, timings.statsEveryMs, keepDays),
    { name: 'retention', ...timings.retention, run: async (signal) => void (await dropOldDays(days, signal)) },
    { name: 'payload retention', ...timings.retention, run: async (signal) => void (await eraseOldPayloads(days, signal)) },
    { name: 'partition-indexes', ...timings.retention, run: async (signal) => void (await indexPartitions({ db, log }, signal)) },
    {
      name: 'replays',
      everyMs: timings.replays.lookEveryMs,
      claimMs: 120_000,
      run: async (signal, work) => void (work.replays && (await replays.lookAfter(signal))),
    },
    { name: 'old-sandbox-requests', everyMs: 3_600_000, claimMs: 600_000, run: async () => void (await deleteOldSandboxRequests(db)) },
    { name: 'old-replays', everyMs: 3_600_000, claimMs: 600_000, run: (signal) => replays.deleteOld(signal) },
  ];
}
