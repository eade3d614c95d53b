// Finds endpoint settings that cannot be combined. Called with the settings as they would be after
// a change.
import { formatProblems } from '../events/body-format.ts';
import { laneSettingsProblems } from '../lanes/lane-settings.ts';

type Settings = Parameters<typeof laneSettingsProblems>[0] & Parameters<typeof formatProblems>[0];

export interface SettingsProblem {
  path: string;
  message: string;
}

/** Problems by path; empty when the settings are valid. */
export function endpointProblems(settings: Settings): SettingsProblem[] {
  return [...laneSettingsProblems(settings), ...formatProblems(settings)];
}
