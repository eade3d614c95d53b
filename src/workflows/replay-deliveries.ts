// replayDeliveries: a replay job. Runs the activity that replays deliveries at the job's pace, and takes commands. The row in
// PostgreSQL decides and has the cursor, so nothing is lost when the workflow is terminated: a chore starts it again.
import {
  ActivityCancellationType,
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '#activities/index';
import {
  cancelSignal,
  cancelUpdate,
  heartbeatTimeoutsMs,
  lookSignal,
  pauseSignal,
  pauseUpdate,
  type ReplayInput,
  type ReplayProgress,
  replayProgressQuery,
  resumeSignal,
  resumeUpdate,
  setPaceUpdate,
} from '#contract/workflow-contract';
import type { ReplayCommand, ReplayStatus } from '#domain/replays/replay';
import { CommandQueue } from './command-queue.ts';
import { describing } from './described-handlers.ts';
import { handlersFinished } from './handlers-finished.ts';
import { ourFaults } from './retry.ts';
import { inputOf, paceOf } from './update-input.ts';

const setHandler = describing({
  progress: 'Matched, done, succeeded, failed, skipped and waiting deliveries, and the rate, as of some seconds ago.',
  pause: 'Pauses the job: what is due within a second is still sent. No input.',
  resume: 'Resumes a paused job. No input.',
  cancel: 'Cancels the job: what it has replayed goes on. No input.',
  setPace: 'Changes the pace. Input: {"perSecond":50}',
  look: 'Sent by Posthorn: reads the row in PostgreSQL again. Harmless, and no operator needs it.',
});
const { commandReplay, setReplayPace } = proxyActivities<Activities>({ startToCloseTimeout: '40 seconds', retry: ourFaults });
const { driveReplay } = proxyActivities<Activities>({
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: heartbeatTimeoutsMs.replay,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  // a crash delays the job by little more than the heartbeat timeout
  retry: { initialInterval: '250 milliseconds', backoffCoefficient: 2, maximumInterval: '15 seconds' },
});
const withoutInput = { validator: inputOf({ optional: ['reason'] }) };

interface Job {
  readonly replayId: string;
  known: ReplayProgress;
  /** The row may have changed since it was read. */
  woken: boolean;
  readonly commands: CommandQueue;
}

const atStart: ReplayProgress = {
  ...{ status: 'counting', matched: 0, done: 0, succeeded: 0, failed: 0, skipped: 0, waiting: 0, perSecond: 0, rate: null },
};

/**
 * Returns when the job is done or cancelled, and fails when the job has failed. Cancelling the workflow (in the Web UI)
 * cancels the job. Commands change the row at once; the activity in progress reads it with each page.
 */
export async function replayDeliveries({ replayId, known = atStart }: ReplayInput): Promise<ReplayProgress> {
  const job: Job = { replayId, known, woken: true, commands: new CommandQueue(() => wake(job)) };
  handleMessages(job);
  showDetails(job.known);
  try {
    return await untilEnded(job, CancellationScope.current());
  } finally {
    await commandsObeyed(job);
    await handlersFinished();
  }
}

function isEnded(status: ReplayStatus): boolean {
  return status === 'done' || status === 'cancelled' || status === 'failed';
}

function commandsObeyed({ commands }: Job): Promise<void> {
  return CancellationScope.nonCancellable(() => condition(() => commands.pending === 0));
}

function wake(job: Job): void {
  job.woken = true;
}

function handleMessages(job: Job): void {
  const { commands, replayId } = job;
  const give = (command: ReplayCommand) => commands.add(command, () => commandReplay({ replayId, command }));
  setHandler(replayProgressQuery, () => job.known);
  setHandler(lookSignal, () => wake(job));
  setHandler(pauseSignal, () => void give('pause'));
  setHandler(resumeSignal, () => void give('resume'));
  setHandler(cancelSignal, () => void give('cancel'));
  setHandler(pauseUpdate, () => give('pause'), withoutInput);
  setHandler(resumeUpdate, () => give('resume'), withoutInput);
  setHandler(cancelUpdate, () => give('cancel'), withoutInput);
  setHandler(setPaceUpdate, (input) => commands.add('setPace', () => setReplayPace({ replayId, perSecond: paceOf(input) })), {
    validator: inputOf({ required: ['perSecond'], optional: ['reason'] }),
  });
}

async function untilEnded(job: Job, whole: CancellationScope): Promise<ReplayProgress> {
  for (;;) {
    job.woken = false;
    job.known = await drive(job, whole);
    showDetails(job.known);
    const { status } = job.known;
    if (job.commands.pending > 0) await commandsObeyed(job);
    else if (workflowInfo().continueAsNewSuggested && !isEnded(status))
      await continueAsNew<typeof replayDeliveries>({ replayId: job.replayId, known: job.known });
    else if (job.woken) continue;
    else if (status === 'failed') throw ApplicationFailure.nonRetryable('an internal error repeats; the API shows it', 'ReplayFailed');
    else if (isEnded(status)) return job.known;
    else if (status === 'paused') await wokenOrCancelled(job, whole);
  }
}

/** After a cancellation it cancels the job, and reads it once more. */
async function drive({ replayId }: Job, whole: CancellationScope): Promise<ReplayProgress> {
  try {
    if (!whole.consideredCancelled) return await driveReplay({ replayId });
  } catch (error) {
    if (!whole.consideredCancelled) throw error;
  }
  return CancellationScope.nonCancellable(async () => {
    await commandReplay({ replayId, command: 'cancel' });
    return driveReplay({ replayId });
  });
}

async function wokenOrCancelled(job: Job, whole: CancellationScope): Promise<void> {
  try {
    await condition(() => job.woken);
  } catch (error) {
    if (!isCancellation(error) || !whole.consideredCancelled) throw error;
  }
}

/** Unlike summary and details, current details are set again after continue-as-new. */
function showDetails({ status, matched, done, succeeded, failed, skipped, waiting, perSecond, rate }: ReplayProgress): void {
  const pace = status === 'running' ? ` At ${rate === null ? '' : `${rate.toFixed(1)} a second, of `}${perSecond} a second.` : '';
  setCurrentDetails(
    `**${status}**: ${done} of ${matched} done.${pace}\n\nSucceeded ${succeeded}, failed ${failed}, skipped ${skipped}, without a result ${waiting}.`,
  );
}
