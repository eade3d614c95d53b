// Kills all processes of Posthorn in the middle of the load and starts them again a second later.
import { setTimeout as delay } from 'node:timers/promises';
import { ask } from './arrivals.ts';
import { now, type Stream } from './messages.ts';
import type { Meter } from './meter.ts';
import type { Stage } from './stage.ts';

const awayMs = 1_000;
/** PostgreSQL may still finish statements of the killed processes. */
const quietMs = 500;

export interface CrashFigures {
  /** Requests in flight when Posthorn was killed. */
  openAtKill: number;
  /** Requests that had arrived and are not recorded, so Posthorn may send them again. */
  unrecordedAtKill: number;
  /** Milliseconds from the restart to the last delivery. */
  recoveredMs: number;
}

/**
 * Waits for half of the load, kills and restarts. Resolves to a function that computes the result from the time of the
 * last delivery.
 */
export async function crash(stage: Stage, meter: Meter, { prefix }: Stream): Promise<(lastDeliveryAt: number) => CrashFigures> {
  const recordedBefore = await recordedAttempts(stage);
  await stage.load.next('reached');
  meter.beforeKill();
  const killing = stage.killPosthorn();
  const before = await ask(stage, prefix, 'progress');
  await killing;
  const killedAt = now();
  await delay(quietMs);
  const { requests } = await ask(stage, prefix, 'progress');
  const unrecordedAtKill = requests - ((await recordedAttempts(stage)) - recordedBefore);
  await delay(awayMs - (now() - killedAt));
  const restartedAt = now();
  await stage.startPosthorn();
  return (lastDeliveryAt) => ({ openAtKill: before.open, unrecordedAtKill, recoveredMs: lastDeliveryAt - restartedAt });
}

async function recordedAttempts({ db }: Stage): Promise<number> {
  const { rows } = await db.query<{ count: number }>('select count(*)::int as count from attempts');
  return rows[0]?.count ?? 0;
}
