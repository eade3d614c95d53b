// endpointLane: the lane of one endpoint. Runs drains, waits for the next, and ends when nothing
// is held. The rows in PostgreSQL decide what is sent. If the workflow is cancelled in the Web UI,
// nothing is lost: the next parked delivery or the sweep starts it again.
import {
  ActivityCancellationType,
  CancellationScope,
  CancelledFailure,
  condition,
  continueAsNew,
  log,
  proxyActivities,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities, LaneActivities } from '#activities/index';
import {
  heartbeatTimeoutsMs,
  type LaneKnown,
  laneQuery,
  namesOf,
  pauseSignal,
  resumeSignal,
  skipHeadSignal,
  wakeSignal,
} from '#contract/workflow-contract';
import type { LaneReport } from '#domain/lanes/lane';
import { describing } from './described-handlers.ts';
import { once, ourFaults } from './retry.ts';
import { orderingKeyField } from './untrusted.ts';

export interface LaneInput {
  endpointId: string;
  /** Only after continue-as-new. */
  known?: LaneKnown;
  /** Default: the usual one. */
  heartbeatTimeoutMs?: number;
}

const drainsOfARun = 500;

const setHandler = describing({
  lane: 'State of the lane, what holds it back, how many deliveries wait, and when it drains next.',
  wake: 'Sent by Posthorn: drains again. Harmless, and no operator needs it.',
  pause: 'Pauses the endpoint: its deliveries stay held. No input.',
  resume: 'Resumes a paused or disabled endpoint. No input.',
  skipHead: 'Skips the dead letter that blocks the order. Input, only to free one key: {"orderingKey":"…"}',
});
const drainsWith = (heartbeatTimeout: number) =>
  proxyActivities<LaneActivities>({
    taskQueue: namesOf(workflowInfo().taskQueue).laneTaskQueue,
    allowEagerDispatch: false,
    startToCloseTimeout: '15 minutes',
    heartbeatTimeout,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: ourFaults,
  });
const { setGate } = proxyActivities<Activities>({ startToCloseTimeout: '40 seconds', retry: ourFaults });
const { skipHead } = proxyActivities<Activities>({ startToCloseTimeout: '40 seconds', retry: once });

interface Lane {
  readonly input: LaneInput;
  known: LaneKnown;
  /** Set by wake signals and finished commands: another drain must follow. */
  woken: boolean;
  readonly commands: CommandQueue;
}

/**
 * Returns the report of the last drain.
 * A wake signal during a drain causes another drain. So does one that arrives while the workflow ends, because the
 * server does not complete a workflow with an unread signal. Commands run at once and one after the other, also while a
 * drain runs: it reads their changes from the rows. A cancellation ends the drain in order, and then the workflow.
 */
export async function endpointLane(input: LaneInput): Promise<LaneReport> {
  const lane: Lane = { input, known: input.known ?? atStart, woken: true, commands: new CommandQueue(() => wake(lane)) };
  handleMessages(lane);
  try {
    return await drainUntilEmpty(lane, CancellationScope.current());
  } finally {
    await CancellationScope.nonCancellable(() => condition(() => lane.commands.pending === 0));
  }
}

function handleMessages(lane: Lane): void {
  const { commands } = lane;
  const { endpointId } = lane.input;
  setHandler(laneQuery, () => lane.known);
  setHandler(wakeSignal, () => wake(lane));
  setHandler(pauseSignal, () => commands.add('pause', () => setGate({ endpointId, gate: 'pause' })));
  setHandler(resumeSignal, () => commands.add('resume', () => setGate({ endpointId, gate: 'resume' })));
  setHandler(skipHeadSignal, (input) => {
    const orderingKey = orderingKeyField(input);
    if (orderingKey === undefined) log.warn('skipHead with an orderingKey that is none ignored');
    else commands.add('skipHead', () => skipHead({ endpointId, orderingKey }));
  });
}

function wake(lane: Lane): void {
  lane.woken = true;
}

async function drainUntilEmpty(lane: Lane, whole: CancellationScope): Promise<LaneReport> {
  const { input, commands } = lane;
  for (let drains = 1; ; drains++) {
    lane.woken = false; // reset before the drain: deliveries may be parked while it runs, and it may have missed them
    const report = await drain(input, whole);
    lane.known = after(lane.known, report);
    setCurrentDetails(inWords(lane.known));
    if (workflowInfo().continueAsNewSuggested || drains >= drainsOfARun)
      await continueAsNew<typeof endpointLane>({ ...input, known: lane.known });
    if (lane.woken || report.state === 'awake') continue;
    if (report.state === 'idle' && report.dueInMs === null && commands.pending === 0) return report;
    await wokenOrDue(lane, report.dueInMs);
  }
}

/**
 * If a cancelled drain fails with an internal error, the lane counts as cancelled, not as failed. The drain is not
 * retried.
 */
async function drain(
  { endpointId, heartbeatTimeoutMs = heartbeatTimeoutsMs.drain }: LaneInput,
  whole: CancellationScope,
): Promise<LaneReport> {
  try {
    return await drainsWith(heartbeatTimeoutMs).drainLane({ endpointId });
  } catch (error) {
    throw whole.consideredCancelled ? new CancelledFailure('cancelled', [], error as Error) : error;
  }
}

async function wokenOrDue(lane: Lane, dueInMs: number | null): Promise<void> {
  if (dueInMs === null) await condition(() => lane.woken);
  else await condition(() => lane.woken, Math.max(1, Math.ceil(dueInMs)));
}

/** Runs commands one after the other, in the order of their signals. */
class CommandQueue {
  readonly #onDone: () => void;
  #last = Promise.resolve();
  #pending = 0;

  /** `onDone` is called after each command, whether it failed or not. */
  constructor(onDone: () => void) {
    this.#onDone = onDone;
  }

  /** Commands that wait or run. */
  get pending(): number {
    return this.#pending;
  }

  add(command: string, act: () => Promise<string>): void {
    this.#pending++;
    this.#last = this.#last
      .then(() => CancellationScope.nonCancellable(act))
      .then(
        (result) => log.info('command obeyed', { command, result }),
        (error) => log.warn('command not obeyed', { command, error }),
      )
      .then(() => {
        this.#pending--;
        this.#onDone();
      });
  }
}

const atStart: LaneKnown = { state: 'awake', wait: null, held: 0, sent: 0, dueAt: null, drains: 0 };

function after(before: LaneKnown, { state, wait, held, sent, dueInMs }: LaneReport): LaneKnown {
  const dueAt = dueInMs === null ? null : new Date(Date.now() + dueInMs).toISOString();
  return { state, wait, held, sent: before.sent + sent, dueAt, drains: before.drains + 1 };
}

/** Text for the Web UI, such as `blocked: circuit_open, 1,234 held, acts at 2026-…`. */
function inWords({ state, wait, held, dueAt }: LaneKnown): string {
  const count = String(held).replace(/\B(?=(\d{3})+$)/g, ',');
  return `${state}${wait ? `: ${wait}` : ''}, ${count} held${dueAt ? `, acts at ${dueAt}` : ''}`;
}
