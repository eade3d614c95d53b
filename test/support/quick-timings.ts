// Times for tests that would otherwise only wait. `npm run chaos` uses the usual ones in their place.
import { checkTimings, type Timings, usualTimings } from '#domain/timings';

/** Set by `npm run chaos`. */
export const isLongChaos = process.env.POSTHORN_TEST_CHAOS === 'long';

/** The usual times, with few partitions: a new connection reads the catalog of each, and tests open many connections. */
export const testTimings: Timings = { ...usualTimings, partitionDaysAhead: 1 };

const { relay, lanes, temporal, sweep } = testTimings;

/**
 * For tests that say which workflows there are, with one relay. On a slow machine, too, no lease expires and no sweep starts
 * a dispatch that is not done yet, both of which would start a dispatch workflow.
 */
export const unhurried: Timings = checkTimings({
  ...testTimings,
  relay: { ...relay, fencedAfterMs: 120_000, expiresAfterMs: 150_000, steadyAfterMs: 150_000 },
  sweep: { ...sweep, dispatchOverdueAfterMs: 600_000 },
});

/**
 * For tests that count the requests of one relay: a lease that a slow machine loses would repeat some. A relay takes rows that
 * it does not own only after the time of its lease.
 */
export const longLeases: Timings = checkTimings({
  ...testTimings,
  relay: { ...relay, fencedAfterMs: 20_000, expiresAfterMs: 25_000, steadyAfterMs: 25_000 },
});

const inShort = (timings: Timings) => (isLongChaos ? testTimings : checkTimings(timings));

const quickBeat = { everyMs: 1_500, timeoutMs: 5_000 };

/** Shortens no lease, so it is safe on a starved machine. */
export const quickWaits = inShort({
  ...testTimings,
  relay: { ...relay, retryMs: 300 },
  // longer than a call to Temporal, and than the heartbeat timeout
  sweep: { ...sweep, everyMs: 1_500, dispatchOverdueAfterMs: 5_500, deliveryOverdueAfterMs: 10_000, laneOverdueAfterMs: 4_000 },
  lanes: {
    ...lanes,
    saveEveryMs: 2_000,
    lingerMs: 1_000,
    checkAgainMs: 2_000,
    // a lane ends its drain while its circuit is open only if the next probe is not brief
    briefMs: 500,
    circuit: { firstProbeMs: 2_000, longestProbeMs: 60_000 },
  },
  heartbeat: { attempt: quickBeat, drain: quickBeat, replay: usualTimings.heartbeat.replay, throttleMs: 1_000 },
  temporal: { ...temporal, reconnectMs: 300, workflowTaskTimeoutMs: 4_000, stickyTimeoutMs: 2_000 },
});

/** Replay jobs that tell soon what became of their deliveries. */
export const quickResults: Timings = checkTimings({ ...testTimings, replays: { ...testTimings.replays, resultsEveryMs: 300 } });

/** Alerts that open and are told within a second. */
export const quickAlerts: Timings = checkTimings({
  ...testTimings,
  alerts: { ...testTimings.alerts, everyMs: 200, slowEveryMs: 500, failingAfterMs: 300, watchEveryMs: 300, settledMs: 0 },
});

/** Also lets a relay's lease expire sooner: for tests in which only one process that lives has a relay. */
export const quickLeases = inShort({
  ...quickWaits,
  relay: { ...quickWaits.relay, renewEveryMs: 300, fencedAfterMs: 1_500, expiresAfterMs: 2_500, steadyAfterMs: 2_500 },
});

/** For tests in which several relays live: a starved one keeps its lease, so no request repeats. */
export const patientLeases = inShort({
  ...quickWaits,
  relay: { ...quickWaits.relay, fencedAfterMs: 6_000, expiresAfterMs: 8_000, steadyAfterMs: 8_000 },
});

/** For tests that count signals: no sweep repeats one, and no lane goes idle between two events. */
export const quietLanes: Timings = {
  ...quickWaits,
  sweep: { ...quickWaits.sweep, laneOverdueAfterMs: 600_000 },
  lanes: { ...quickWaits.lanes, lingerMs: 60_000 },
};

/** Requests may take four minutes, so that the speed of the machine does not matter while they are in flight. */
export const longRequestMs = 240_000;
export const longRequests: Timings = {
  ...patientLeases,
  shutdown: { longestRequestMs: longRequestMs, graceMs: longRequestMs + 5_000, forceMs: longRequestMs + 10_000 },
};

/** A process that cannot record its outcomes soon gives up. */
export const quickEnd = inShort({ ...quickLeases, shutdown: { longestRequestMs: 6_000, graceMs: 8_000, forceMs: 12_000 } });
