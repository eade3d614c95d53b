// Computes how long an idle connection is kept open for the next request.

/** Posthorn closes this much earlier than the endpoint announced, so that no request meets the endpoint's close. */
const marginMs = 2_000;

/** Milliseconds; 0: close it now. `usualMs` applies when the endpoint sends no `Keep-Alive: timeout`. */
export function keepAliveMsOf(headers: [string, string][], usualMs: number, longestMs: number): number {
  const value = headers.find(([name]) => name.toLowerCase() === 'keep-alive')?.[1];
  const seconds = /timeout=(\d{1,9})/i.exec(value ?? '')?.[1];
  return seconds === undefined ? usualMs : Math.max(0, Math.min(Number(seconds) * 1_000 - marginMs, longestMs));
}
