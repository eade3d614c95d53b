// Which rows of `relays` are workers that run: one condition for readiness, metrics and alerts.

/** Of a row of `relays`: it is not stopping, and has renewed its lease within `seenMs` milliseconds, given as SQL. */
export const isWorker = (seenMs: string) => `seen > now() - ${seenMs}::float8 * interval '1 millisecond' and mode is not null`;
