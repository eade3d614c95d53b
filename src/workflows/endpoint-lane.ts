// endpointLane: the lane of one endpoint. Runs drains, waits for the next, and ends when nothing
// is held. The rows in PostgreSQL decide what is sent. If the workflow is cancelled in the Web UI,
// nothing is lost: the next parked delivery or the sweep starts it again.
import {
  ActivityCancellationType,
  CancellationScope,
  CancelledFailure,
  condition,
  log,
  proxyActivities,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities, LaneActivities } from '#activities/index';
import {
  endpointAttribute,
  heartbeatTimeoutMs,
  type LaneKnown,
  laneQuery,
  namesOf,
  pauseSignal,
  pauseUpdate,
  resumeSignal,
  resumeUpdate,
  skipHeadSignal,
  skipHeadUpdate,
  tenantAttribute,
  wakeSignal,
} from '#contract/workflow-contract';
import type { LaneReport } from '#domain/lanes/lane';
import { CommandQueue } from './command-queue.ts';
import { describing } from './described-handlers.ts';
import { handlersFinished } from './handlers-finished.ts';
import { ourFaults } from './retry.ts';
import { continueWithStatus, showStatus } from './status-attribute.ts';
import { orderingKeyField } from './untrusted.ts';
import { inputOf } from './update-input.ts';

export interface LaneInput {
  endpointId: string;
  /** Only after continue-as-new. */
  known?: LaneKnown;
}

const drainsOfARun = 500;

const setHandler = describing({
  lane: 'State of the lane, what holds it back, how many deliveries wait, and when it drains next.',
  wake: 'Sent by Posthorn: drains again. Harmless, and no operator needs it.',
  pause: 'Pauses the endpoint: its deliveries stay held. No input.',
  resume: 'Resumes a paused or disabled endpoint. No input.',
  skipHead: 'Skips the dead letter that blocks the order. Input, only to free one key: {"orderingKey":"…"}',
});
const drains = () =>
  proxyActivities<LaneActivities>({
    taskQueue: namesOf(workflowInfo().taskQueue).laneTaskQueue,
    allowEagerDispatch: false,
    startToCloseTimeout: '15 minutes',
    heartbeatTimeout: heartbeatTimeoutMs,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: ourFaults,
  });
const { setGate, skipHead } = proxyActivities<Activities>({ startToCloseTimeout: '40 seconds', retry: ourFaults });
const withoutInput = { validator: inputOf({ optional: ['reason'] }) };
const ofHead = { validator: inputOf({ optional: ['orderingKey', 'reason'] }) };

interface Lane {
  readonly endpointId: string;
  known: LaneKnown;
  /** Set by wake signals and finished commands: another drain must follow. */
  woken: boolean;
  readonly commands: CommandQueue;
}

/**
 * Returns the report of the last drain.
 * A wake signal during a drain causes another drain. So does one that arrives while the workflow ends, because the
 * server does not complete a workflow with an unread signal. Commands run at once and one after the other, also while a
 * drain runs: it reads their changes from the rows. A cancellation ends the drain in order, and then the workflow. A
 * workflow that has ended holds nothing, and shows no status.
 */
export async function endpointLane({ endpointId, known = atStart }: LaneInput): Promise<LaneReport> {
  const lane: Lane = { endpointId, known, woken: true, commands: new CommandQueue(() => wake(lane)) };
  handleMessages(lane);
  showDetails(known);
  try {
    return await drainUntilEmpty(lane, CancellationScope.current());
  } finally {
    await CancellationScope.nonCancellable(() => condition(() => lane.commands.pending === 0));
    await handlersFinished();
    showStatus(null);
  }
}

function handleMessages(lane: Lane): void {
  const { endpointId, commands } = lane;
  setHandler(laneQuery, () => lane.known);
  setHandler(wakeSignal, () => wake(lane));
  const pause = () => commands.add('pause', () => setGate({ endpointId, gate: 'pause' }));
  const resume = () => commands.add('resume', () => setGate({ endpointId, gate: 'resume' }));
  const skip = (orderingKey: string | null) => commands.add('skipHead', () => skipHead({ endpointId, orderingKey }));
  setHandler(pauseSignal, () => void pause());
  setHandler(resumeSignal, () => void resume());
  setHandler(skipHeadSignal, (input) => {
    const orderingKey = orderingKeyField(input);
    if (orderingKey === undefined) log.warn('skipHead with an orderingKey that is none ignored');
    else void skip(orderingKey);
  });
  setHandler(pauseUpdate, pause, withoutInput);
  setHandler(resumeUpdate, resume, withoutInput);
  setHandler(skipHeadUpdate, (input) => skip(orderingKeyField(input) ?? null), ofHead);
}

function wake(lane: Lane): void {
  lane.woken = true;
}

async function drainUntilEmpty(lane: Lane, whole: CancellationScope): Promise<LaneReport> {
  const { endpointId, commands } = lane;
  for (let drains = 1; ; drains++) {
    lane.woken = false; // reset before the drain: deliveries may be parked while it runs, and it may have missed them
    const report = await drain(endpointId, whole);
    lane.known = after(lane.known, report);
    showDetails(lane.known);
    if (workflowInfo().continueAsNewSuggested || drains >= drainsOfARun)
      await continueWithStatus<typeof endpointLane>({ endpointId, known: lane.known });
    if (lane.woken || report.state === 'awake') continue;
    if (report.state === 'idle' && report.dueInMs === null && commands.pending === 0) return report;
    await wokenOrDue(lane, report.dueInMs);
  }
}

/**
 * If a cancelled drain fails with an internal error, the lane counts as cancelled, not as failed. The drain is not
 * retried.
 */
async function drain(endpointId: string, whole: CancellationScope): Promise<LaneReport> {
  try {
    return await drains().drainLane({ endpointId });
  } catch (error) {
    throw whole.consideredCancelled ? new CancelledFailure('cancelled', [], error as Error) : error;
  }
}

async function wokenOrDue(lane: Lane, dueInMs: number | null): Promise<void> {
  if (dueInMs === null) await condition(() => lane.woken);
  else await condition(() => lane.woken, Math.max(1, Math.ceil(dueInMs)));
}

const atStart: LaneKnown = { state: 'awake', wait: null, held: 0, sent: 0, dueAt: null, drains: 0 };

function after(before: LaneKnown, { state, wait, held, sent, dueInMs }: LaneReport): LaneKnown {
  const dueAt = dueInMs === null ? null : new Date(Date.now() + dueInMs).toISOString();
  return { state, wait, held, sent: before.sent + sent, dueAt, drains: before.drains + 1 };
}

/** Unlike summary and details, current details are set again after continue-as-new. */
function showDetails(known: LaneKnown): void {
  const { memo, typedSearchAttributes: attributes } = workflowInfo();
  const place = `Tenant ${attributes.get(tenantAttribute)}, endpoint ${attributes.get(endpointAttribute)} at ${memo?.host}.`;
  setCurrentDetails(`${inWords(known)}\n\n${place}`);
}

/** Text for the Web UI, such as `blocked: circuit_open, 1,234 held, acts at 2026-…`. */
function inWords({ state, wait, held, dueAt }: LaneKnown): string {
  const count = String(held).replace(/\B(?=(\d{3})+$)/g, ',');
  return `${state}${wait ? `: ${wait}` : ''}, ${count} held${dueAt ? `, acts at ${dueAt}` : ''}`;
}
