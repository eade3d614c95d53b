// Settings of an endpoint that do not go together, as they would stand after a change.
import { formatProblems } from './body-format.ts';
import { laneSettingsProblems } from './lane-settings.ts';

type Settings = Parameters<typeof laneSettingsProblems>[0] & Parameters<typeof formatProblems>[0];

export interface SettingsProblem {
  path: string;
  message: string;
}

/** None when all is well. */
export function endpointProblems(settings: Settings): SettingsProblem[] {
  return [...laneSettingsProblems(settings), ...formatProblems(settings)];
}
