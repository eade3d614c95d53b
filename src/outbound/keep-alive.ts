// How long a connection stays open for the next request.

/** An endpoint closes its side this long after it said: a request must not meet that. */
const marginMs = 2_000;

/** Milliseconds; 0: it is not kept. `usualMs`: when the endpoint does not say (Keep-Alive: timeout). */
export function keepAliveMsOf(headers: [string, string][], usualMs: number, longestMs: number): number {
  const value = headers.find(([name]) => name.toLowerCase() === 'keep-alive')?.[1];
  const seconds = /timeout=(\d{1,9})/i.exec(value ?? '')?.[1];
  return seconds === undefined ? usualMs : Math.max(0, Math.min(Number(seconds) * 1_000 - marginMs, longestMs));
}
