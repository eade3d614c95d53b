// The ids of the live stream: a time of PostgreSQL, before which nothing is missing.

/** An id that a client sends back as `Last-Event-ID`. */
export function positionText(us: number): string {
  return `p${us.toString(36)}`;
}

/** Null: not an id of this stream. */
export function readPosition(text: string): number | null {
  return /^p[0-9a-z]{8,12}$/.test(text) ? Number.parseInt(text.slice(1), 36) : null;
}
