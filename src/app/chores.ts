// The periodic work of the installation (src/chores/chores.ts).
import type { Chore } from '#chores/chores';
import { statsChores } from '#chores/stats';
import type { Core } from './core.ts';

export function choresOf({ config, db, timings }: Core): Chore[] {
  return [...statsChores(db, timings.statsEveryMs, config.POSTHORN_RETENTION_DAYS)];
}
