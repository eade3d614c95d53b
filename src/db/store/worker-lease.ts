// Which rows of `relays` are workers that run: one condition for readiness, metrics and alerts.
import { usualTimings } from '#domain/timings';

/** Of a row of `relays`: its lease is valid, and it is not stopping. */
const isWorker = `seen > now() - interval '${usualTimings.relay.expiresAfterMs} milliseconds' and mode is not null`;

/** How many workers run, as SQL. */
export const workersSql = `(select count(*)::int from relays where ${isWorker})`;
