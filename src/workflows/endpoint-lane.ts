// The lane of one endpoint: has its held deliveries drained, rests until there is something to do, and ends when nothing waits.
//
// The rows in PostgreSQL decide what is sent; this only says when to look. A wake that comes during a drain is a reason to drain again, and one that comes
// while the lane ends is too: the server refuses the end of a workflow that has a signal to read. Orders are obeyed at once, one after the other, also while
// a drain runs, which sees in the rows what they changed. What if it is cancelled in the Web UI? The drain ends in order, the workflow is over, and nothing
// is lost: whoever parks or the sweep starts it again.
import {
  ActivityCancellationType,
  CancellationScope,
  CancelledFailure,
  condition,
  continueAsNew,
  log,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities, LaneActivities } from '#activities/index';
import {
  type LaneKnown,
  laneQuery,
  laneTaskQueue,
  pauseSignal,
  resumeSignal,
  skipHeadSignal,
  wakeSignal,
} from '#contract/workflow-contract';
import type { LaneReport } from '#domain/lane';
import { once, ourFaults } from './retry.ts';
import { orderingKeyField } from './untrusted.ts';

export interface LaneInput {
  endpointId: string;
  /** Only after continue-as-new. */
  known?: LaneKnown;
}

const drainsOfARun = 500;

const { drainLane } = proxyActivities<LaneActivities>({
  taskQueue: laneTaskQueue,
  allowEagerDispatch: false,
  startToCloseTimeout: '15 minutes',
  heartbeatTimeout: '5 seconds',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: ourFaults,
});
const { setGate } = proxyActivities<Activities>({ startToCloseTimeout: '40 seconds', retry: ourFaults });
const { skipHead } = proxyActivities<Activities>({ startToCloseTimeout: '40 seconds', retry: once });

/** Returns what its last drain said. */
export async function endpointLane({ endpointId, known = atStart }: LaneInput): Promise<LaneReport> {
  const whole = CancellationScope.current();
  let woken = true;
  let unobeyed = 0;
  let obeying = Promise.resolve();

  setHandler(laneQuery, () => known);
  setHandler(wakeSignal, () => {
    woken = true;
  });
  setHandler(pauseSignal, () => obey('pause', () => setGate({ endpointId, gate: 'pause' })));
  setHandler(resumeSignal, () => obey('resume', () => setGate({ endpointId, gate: 'resume' })));
  setHandler(skipHeadSignal, (said) => {
    const orderingKey = orderingKeyField(said);
    if (orderingKey === undefined) log.warn('skipHead with an orderingKey that is none ignored');
    else obey('skipHead', () => skipHead({ endpointId, orderingKey }));
  });

  try {
    return await untilNothingWaits();
  } finally {
    await CancellationScope.nonCancellable(() => condition(() => unobeyed === 0));
  }

  async function untilNothingWaits(): Promise<LaneReport> {
    for (let drains = 1; ; drains++) {
      woken = false; // before the drain, never after: what comes meanwhile may have been parked behind its back
      const report = await drain();
      known = after(known, report);
      setCurrentDetails(inWords(known));
      if (workflowInfo().continueAsNewSuggested || drains >= drainsOfARun) await continueAsNew<typeof endpointLane>({ endpointId, known });
      if (woken || report.state === 'awake') continue;
      if (report.state === 'idle' && report.dueInMs === null && unobeyed === 0) return report;
      await wokenOrDue(report.dueInMs);
    }
  }

  /** A cancelled drain that fails by our own fault is not tried again: the lane is cancelled then, it has not failed. */
  async function drain(): Promise<LaneReport> {
    try {
      return await drainLane({ endpointId });
    } catch (error) {
      throw whole.consideredCancelled ? new CancelledFailure('cancelled', [], error as Error) : error;
    }
  }

  async function wokenOrDue(dueInMs: number | null): Promise<void> {
    if (dueInMs === null) await condition(() => woken);
    else await condition(() => woken, Math.max(1, Math.ceil(dueInMs)));
  }

  /** In the order in which they came. */
  function obey(order: string, act: () => Promise<string>): void {
    unobeyed++;
    obeying = obeying
      .then(() => CancellationScope.nonCancellable(act))
      .then(
        (result) => log.info('order obeyed', { order, result }),
        (error) => log.warn('order not obeyed', { order, error }),
      )
      .then(() => {
        unobeyed--;
        woken = true;
      });
  }
}

const atStart: LaneKnown = { state: 'awake', wait: null, held: 0, sent: 0, dueAt: null, drains: 0 };

function after(before: LaneKnown, { state, wait, held, sent, dueInMs }: LaneReport): LaneKnown {
  const dueAt = dueInMs === null ? null : new Date(Date.now() + dueInMs).toISOString();
  return { state, wait, held, sent: before.sent + sent, dueAt, drains: before.drains + 1 };
}

/** As the Web UI shows it: `shut: circuit_open, 1,234 held, acts at 2026-…`. */
function inWords({ state, wait, held, dueAt }: LaneKnown): string {
  const count = String(held).replace(/\B(?=(\d{3})+$)/g, ',');
  return `${state}${wait ? `: ${wait}` : ''}, ${count} held${dueAt ? `, acts at ${dueAt}` : ''}`;
}
