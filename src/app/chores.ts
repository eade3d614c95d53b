// The periodic work of the installation (src/chores/chores.ts).
import type { Chore } from '#chores/chores';
import type { Alerts } from './alerts.ts';
import type { Core } from './core.ts';

/** Of a worker. A server without a worker runs only `alerts.chores`. */
export function choresOf(_core: Core, alerts: Alerts): Chore[] {
  return [...alerts.chores];
}
