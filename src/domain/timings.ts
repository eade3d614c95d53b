// The times that processes rely on when they share work: leases, renewals, takeovers, sweeps.
// One object, passed down from the composition root; the times of workflows are constants instead.
// `checkTimings` holds the relations; docs/architecture.md explains them.

import { type CircuitTimes, circuitTimes } from './lanes/circuit.ts';

export interface Heartbeat {
  everyMs: number;
  /** The usual ones are constants of the workflows too (src/contract/workflow-contract.ts). */
  timeoutMs: number;
}

/** In milliseconds, unless a name says otherwise. */
export interface Timings {
  /** The lease of a relay on its outbox rows, and what a relay does while it holds it. */
  relay: {
    renewEveryMs: number;
    /** So long after the last renewal was sent, the relay is fenced. */
    fencedAfterMs: number;
    /** So long after the last renewal arrived, another relay takes over the rows. */
    expiresAfterMs: number;
    /** A relay takes rows without an owner only after so long a time of unbroken renewals. */
    steadyAfterMs: number;
    /** First attempts need endpoints that were checked for changes at most so long ago. */
    endpointsFreshForMs: number;
    /** The pause before outbox rows are read again after PostgreSQL failed. */
    rereadAfterMs: number;
    /** The pause before a failed dispatch is written, or started in Temporal, again. */
    retryMs: number;
    /** So long must the load stay low before dispatch is individual again. */
    calmAfterMs: number;
  };
  /** The sweep, and from when on it takes work for lost. */
  sweep: {
    everyMs: number;
    /** How often it looks for lanes that do not know of their held deliveries. */
    forgottenLanesEveryMs: number;
    dispatchOverdueAfterMs: number;
    deliveryOverdueAfterMs: number;
    laneOverdueAfterMs: number;
  };
  /** The lease of a drain on its lane, and its waits. */
  lanes: {
    /** A request begins at most so long after a look that found this drain the owner. */
    leaseMs: number;
    /** So long does a drain wait before its first request when the drain before did not end in order. */
    takeoverMs: number;
    /** Rows are used for so long after they were read: a delivery may have been cancelled since. */
    rowsFreshForMs: number;
    saveEveryMs: number;
    lookEveryMs: number;
    /** The drain waits out shorter waits instead of ending. */
    briefMs: number;
    /** How long a drain without work waits for more before it ends. */
    lingerMs: number;
    /** The lane is released once it has kept up for so long. */
    caughtUpMs: number;
    /** When the workflow of a lane that another drain owns looks again. */
    checkAgainMs: number;
    /** How long the lowest held id is cached. A replay of an older delivery is found that much later. */
    lowestForMs: number;
    /** The list of lanes that every process keeps. First attempts need one at most `listFreshForMs` old. */
    listEveryMs: number;
    listFreshForMs: number;
    /** After an endpoint became ordered, a relay with an old list may still send for so long. */
    unawareMs: number;
    /** By the end of this time, short backoffs that a newly ordered lane does not take over are parked. */
    minCutoverMs: number;
    /** How long an open circuit waits for its probes. */
    circuit: CircuitTimes;
  };
  /**
   * A first attempt as a local activity keeps a workflow task waiting for at most so long. When it is handed over, no other
   * process makes it until so long after its request must have ended.
   */
  firstAttempt: { handOverAfterMs: number; leaseMarginMs: number };
  /** After a recall, no request of the event begins later than `settleMs`. Results are looked for meanwhile. */
  recall: { settleMs: number; lookEveryMs: number };
  /** A process that was suspended for longer than `afterMs` does not trust what it read before. */
  stall: { tickMs: number; afterMs: number };
  /**
   * Attempts and drains call `heartbeat` every `everyMs`, the SDK delays a call by up to `throttleMs` (its own default
   * would be too long), and Temporal starts the activity again `timeoutMs` after the last one. Each call is billed by a
   * hosted Temporal, so they are as rare as the failover allows. That two drains never send at once, the lease of the
   * lane ensures, not these times.
   */
  heartbeat: { attempt: Heartbeat; drain: Heartbeat; replay: Heartbeat; throttleMs: number };
  /** Replay jobs. */
  replays: {
    /** A page is made so often, and holds what is due within `aheadMs`. */
    pageEveryMs: number;
    aheadMs: number;
    resultsEveryMs: number;
    /** All are replayed, and nothing happened for so long: those that are retried count as failed. */
    refusedAfterMs: number;
    /** The same: the job ends, and the others stay without a result. */
    quietAfterMs: number;
    /** How often jobs are looked for whose workflow was not signalled, or that no worker was at for `idleAfterMs`. */
    lookEveryMs: number;
    unsignalledAfterMs: number;
    idleAfterMs: number;
  };
  temporal: {
    callTimeoutMs: number;
    /** The pause between two tries to connect. */
    reconnectMs: number;
    /** How often the files with the API key and the certificates are read. */
    credentialsEveryMs: number;
    /** So long does a killed worker keep a workflow task, and tasks that come for the workflows it had cached. */
    workflowTaskTimeoutMs: number;
    stickyTimeoutMs: number;
  };
  /** A process that stops waits so long for its requests; then its Temporal workers are cut off. */
  shutdown: { longestRequestMs: number; graceMs: number; forceMs: number };
  /** When an alert opens, and how soon it reaches its receiver. */
  alerts: {
    everyMs: number;
    slowEveryMs: number;
    /** For so long nobody else runs the checks, or sends a message that was begun. */
    claimMs: number;
    /** A run begins no message later than that, so that the next checks are not late. */
    sendMs: number;
    /** An endpoint that has accepted nothing for so long is failing. */
    failingAfterMs: number;
    /** Events that wait in the outbox for so long, and deliveries that are overdue by so much, are told. */
    backlogOldMs: number;
    overdueMs: number;
    /** So long must Temporal, PostgreSQL or all workers be away. */
    awayMs: number;
    /** How often each process asks whether PostgreSQL answers. */
    watchEveryMs: number;
    /** A process judges that deliveries or events stop only when it runs for so long: its own start may have been the pause. */
    settledMs: number;
  };
  /**
   * The connections of `posthorn listen`. One that was not renewed for `lostAfterMs` gets no requests. A request that none has
   * taken within `takenWithinMs` fails. Who waits looks every `lookEveryMs`, because notifications can be lost.
   */
  listen: { renewEveryMs: number; lostAfterMs: number; takenWithinMs: number; lookEveryMs: number };
  /** How often the keys and links of live streams are checked again. */
  stream: { checkEveryMs: number };
  /** How many daily partitions a start makes in advance. */
  partitionDaysAhead: number;
  /** How often the statistics are counted, at a low rate of deliveries. */
  statsEveryMs: number;
  /** How often old days and old payloads are looked for. A run may take longer than its claim: a lock keeps it alone. */
  retention: { everyMs: number; claimMs: number };
}

export const usualTimings: Timings = {
  relay: {
    renewEveryMs: 1_000,
    fencedAfterMs: 3_000,
    expiresAfterMs: 5_000,
    steadyAfterMs: 5_000,
    endpointsFreshForMs: 3_000,
    rereadAfterMs: 500,
    retryMs: 1_000,
    calmAfterMs: 2_000,
  },
  sweep: {
    everyMs: 10_000,
    forgottenLanesEveryMs: 60_000,
    dispatchOverdueAfterMs: 10_000,
    deliveryOverdueAfterMs: 30_000,
    laneOverdueAfterMs: 10_000,
  },
  lanes: {
    leaseMs: 2_500,
    takeoverMs: 3_000,
    rowsFreshForMs: 1_000,
    saveEveryMs: 5_000,
    lookEveryMs: 500,
    briefMs: 2_000,
    lingerMs: 5_000,
    caughtUpMs: 1_000,
    checkAgainMs: 10_000,
    lowestForMs: 2_000,
    listEveryMs: 1_000,
    listFreshForMs: 3_000,
    unawareMs: 3_000,
    minCutoverMs: 8_000,
    circuit: circuitTimes,
  },
  firstAttempt: { handOverAfterMs: 500, leaseMarginMs: 5_000 },
  recall: { settleMs: 3_500, lookEveryMs: 200 },
  stall: { tickMs: 250, afterMs: 2_000 },
  heartbeat: {
    attempt: { everyMs: 5_000, timeoutMs: 15_000 },
    drain: { everyMs: 10_000, timeoutMs: 30_000 },
    replay: { everyMs: 1_000, timeoutMs: 4_000 },
    throttleMs: 1_000,
  },
  replays: {
    pageEveryMs: 500,
    aheadMs: 1_000,
    resultsEveryMs: 2_000,
    refusedAfterMs: 10_000,
    quietAfterMs: 30_000,
    lookEveryMs: 10_000,
    unsignalledAfterMs: 10_000,
    idleAfterMs: 60_000,
  },
  temporal: {
    callTimeoutMs: 5_000,
    reconnectMs: 1_000,
    credentialsEveryMs: 10_000,
    workflowTaskTimeoutMs: 10_000,
    stickyTimeoutMs: 10_000,
  },
  // an endpoint's `timeoutMs` is 30 s at most; docker-compose.yml gives a worker 60 s in total
  shutdown: { longestRequestMs: 30_000, graceMs: 35_000, forceMs: 40_000 },
  alerts: {
    everyMs: 10_000,
    slowEveryMs: 10_000,
    claimMs: 90_000,
    sendMs: 15_000,
    failingAfterMs: 15_000,
    backlogOldMs: 30_000,
    overdueMs: 60_000,
    awayMs: 15_000,
    watchEveryMs: 10_000,
    settledMs: 60_000,
  },
  listen: { renewEveryMs: 4_000, lostAfterMs: 15_000, takenWithinMs: 5_000, lookEveryMs: 1_000 },
  stream: { checkEveryMs: 5_000 },
  partitionDaysAhead: 14,
  statsEveryMs: 10_000,
  retention: { everyMs: 600_000, claimMs: 1_800_000 },
};

/** Backoffs that end sooner than this are not taken over by a newly ordered lane (src/db/lanes/parking.ts). */
const shortBackoffMs = 5_000;

const beats = ({ attempt, drain, replay }: Timings['heartbeat'], holds: (beat: Heartbeat) => boolean) =>
  [attempt, drain, replay].every(holds);

/** What must hold between the times, each with its reason. */
const relations: [reason: string, holds: (timings: Timings) => boolean][] = [
  ['one lost renewal must not fence a relay', ({ relay }) => 2 * relay.renewEveryMs < relay.fencedAfterMs],
  ['a relay must be fenced before its rows are taken over', ({ relay }) => relay.fencedAfterMs < relay.expiresAfterMs],
  ['a relay with an unstable connection must not take rows', ({ relay }) => relay.steadyAfterMs >= relay.expiresAfterMs],
  ['a drain must renew its lease before it expires', ({ lanes }) => lanes.lookEveryMs + lanes.rowsFreshForMs < lanes.leaseMs],
  ['a drain must stop sending before the next one begins', ({ lanes }) => lanes.leaseMs < lanes.takeoverMs],
  ['one late list must not stop first attempts', ({ lanes }) => 2 * lanes.listEveryMs < lanes.listFreshForMs],
  [
    'old lists must have expired when an ordered lane begins',
    ({ lanes, relay }) => lanes.unawareMs >= Math.max(lanes.listFreshForMs, relay.endpointsFreshForMs),
  ],
  ['short backoffs must be parked when an ordered lane begins', ({ lanes }) => lanes.minCutoverMs >= lanes.unawareMs + shortBackoffMs],
  ['a drain that works must not count as overdue', ({ lanes, sweep }) => lanes.saveEveryMs < sweep.laneOverdueAfterMs],
  ['a start in progress must not count as overdue', ({ temporal, sweep }) => temporal.callTimeoutMs < sweep.dispatchOverdueAfterMs],
  ['a retry by Temporal must come before the sweep', ({ heartbeat, sweep }) => heartbeat.attempt.timeoutMs < sweep.deliveryOverdueAfterMs],
  [
    'one late heartbeat must not repeat a request or a drain',
    ({ heartbeat }) => beats(heartbeat, ({ everyMs, timeoutMs }) => 2 * everyMs + heartbeat.throttleMs < timeoutMs),
  ],
  [
    'a stall must be noticed before a takeover by Temporal',
    ({ stall, heartbeat }) => beats(heartbeat, ({ everyMs, timeoutMs }) => stall.afterMs + everyMs < timeoutMs),
  ],
  ['a stall must be noticed before a takeover by a relay', ({ stall, relay }) => stall.afterMs + relay.renewEveryMs < relay.expiresAfterMs],
  ['a stall must be noticed before a takeover by a drain', ({ stall, lanes }) => stall.afterMs < lanes.takeoverMs],
  ['a first attempt must end before its lease', ({ firstAttempt, stall }) => stall.afterMs < firstAttempt.leaseMarginMs],
  [
    'a first attempt must be handed over before its workflow task ends',
    ({ firstAttempt, temporal }) => 2 * firstAttempt.handOverAfterMs < temporal.workflowTaskTimeoutMs,
  ],
  ['one late renewal must not lose a listener', ({ listen }) => 2 * listen.renewEveryMs < listen.lostAfterMs],
  ['a message must be sent before another process sends it', ({ alerts }) => 4 * alerts.sendMs < alerts.claimMs],
  [
    'every process must know of a recall when it has settled',
    ({ recall, lanes, stall }) => recall.settleMs > Math.max(lanes.listFreshForMs, lanes.leaseMs, stall.afterMs),
  ],
  ['a page must be made before the one before is used up', ({ replays }) => replays.pageEveryMs < replays.aheadMs],
  ['a stopping process must finish its requests', ({ shutdown }) => shutdown.longestRequestMs < shutdown.graceMs],
  ['the Temporal workers must outlast the grace', ({ shutdown }) => shutdown.graceMs < shutdown.forceMs],
];

/** Throws if the times contradict each other. Called once per process. */
export function checkTimings(timings: Timings): Timings {
  const broken = relations.filter(([, holds]) => !holds(timings)).map(([reason]) => reason);
  if (broken.length > 0) throw new Error(`these times contradict each other: ${broken.join('; ')}`);
  return timings;
}
