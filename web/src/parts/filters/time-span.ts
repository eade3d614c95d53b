// A span of time in an address: before now, or between two times.

export const spans = ['1h', '24h', '7d', '30d'] as const;
export type Within = (typeof spans)[number];

export interface TimeSpan {
  within?: Within;
  /** ISO 8601. Not with `within`. */
  since?: string;
  until?: string;
}

const hourMs = 3_600_000;
const msOf: Record<Within, number> = { '1h': hourMs, '24h': 24 * hourMs, '7d': 168 * hourMs, '30d': 720 * hourMs };

/** As the API takes it. */
export function boundsOf({ within, since, until }: TimeSpan, nowMs: number): { since?: string; until?: string } {
  if (within) return { since: new Date(nowMs - msOf[within]).toISOString() };
  return { ...(since && { since }), ...(until && { until }) };
}

/** From the texts of an address; what makes no sense is left out. */
export function timeSpanIn(texts: { within: string | undefined; since: string | undefined; until: string | undefined }): TimeSpan {
  const within = spans.find((one) => one === texts.within);
  if (within) return { within };
  const [since, until] = [instantIn(texts.since), instantIn(texts.until)];
  return { ...(since && { since }), ...(until && { until }) };
}

function instantIn(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) || ms < 0 || ms > Date.UTC(9999, 11, 31) ? undefined : new Date(ms).toISOString();
}

/** For `<input type="datetime-local">`, in the zone of the user. */
export function localText(iso: string | undefined): string {
  if (iso === undefined) return '';
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export const isoOf = (local: string): string | undefined => (local === '' ? undefined : instantIn(local));
