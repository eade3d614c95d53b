// The periodic work of the installation (src/chores/chores.ts).
import type { Chore } from '#chores/chores';
import { statsChores } from '#chores/stats';
import type { Alerts } from './alerts.ts';
import type { Core } from './core.ts';

/** Of a worker. A server without a worker runs only `alerts.chores`. */
export function choresOf({ config, db, timings }: Core, alerts: Alerts): Chore[] {
  return [...alerts.chores, ...statsChores(db, timings.statsEveryMs, config.POSTHORN_RETENTION_DAYS)];
}
