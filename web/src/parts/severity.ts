// Severities of alerts: their tones, and their order.
import type { Alert, AlertSeverity } from '@posthorn/client';
import type { Tone } from './tone.ts';

export const toneOfSeverity: Record<AlertSeverity, Tone> = { critical: 'bad', warning: 'warning', info: 'neutral' };

export const severityWords: Record<AlertSeverity, string> = { critical: 'Critical', warning: 'Warning', info: 'Note' };

const rank: Record<AlertSeverity, number> = { critical: 0, warning: 1, info: 2 };

/** The most severe first, then the oldest. */
export const bySeverity = (alerts: readonly Alert[]): Alert[] =>
  alerts.toSorted((a, b) => rank[a.severity] - rank[b.severity] || a.openedAt.localeCompare(b.openedAt));
