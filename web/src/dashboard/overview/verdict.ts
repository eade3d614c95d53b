// The first sentence of the overview: that all is well, or what is wrong, the most severe first.
import type { Alert, InstallationStatus } from '@posthorn/client';
import { bySeverity, toneOfSeverity } from '../../parts/severity.ts';
import type { Tone } from '../../parts/tone.ts';

export interface Verdict {
  tone: Tone;
  text: string;
}

/** `alerts`: those that are not closed. `warnings`: of the status; it knows of a missing worker before an alert opens. */
export function verdictOf(alerts: readonly Alert[], warnings: InstallationStatus['warnings']): Verdict {
  const [warning] = warnings;
  const [first, ...others] = bySeverity(alerts).filter(({ severity }) => severity !== 'info');
  if (warning) return { tone: 'bad', text: warning.message };
  if (!first) return { tone: 'good', text: notices(alerts.length) };
  return { tone: toneOfSeverity[first.severity], text: `${first.title}${others.length === 0 ? '.' : `, and ${others.length} more.`}` };
}

const notices = (count: number) => (count === 0 ? 'All is well.' : `All is well. ${count} ${count === 1 ? 'notice' : 'notices'}.`);
