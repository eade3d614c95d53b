// The periodic work of the installation (src/chores/chores.ts).
import type { Chore } from '#chores/chores';
import type { Core } from './core.ts';

export function choresOf(_core: Core): Chore[] {
  return [];
}
