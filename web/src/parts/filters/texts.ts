// Words of the choice of a time, in both languages.
import type { Within } from './time-span.ts';

export const en = {
  accepted: 'Accepted',
  anyTime: 'at any time',
  within: { '1h': 'last hour', '24h': 'last 24 hours', '7d': 'last 7 days', '30d': 'last 30 days' } as Record<Within, string>,
  between: 'between…',
  from: 'From',
  to: 'To',
  show: 'Show',
  notLater: 'must be later than the beginning',
};

export type TimeWords = typeof en;

export const de: TimeWords = {
  accepted: 'Angenommen',
  anyTime: 'jederzeit',
  within: { '1h': 'letzte Stunde', '24h': 'letzte 24 Stunden', '7d': 'letzte 7 Tage', '30d': 'letzte 30 Tage' },
  between: 'zwischen …',
  from: 'Von',
  to: 'Bis',
  show: 'Zeigen',
  notLater: 'muss nach dem Anfang liegen',
};
