// Asks an endpoint whether it wants to be sent to, for a day of its refusals; then it stays held until somebody asks again. Another question terminates
// this one.
//
// The day is counted in refusals, not by the clock: while a fault of ours stands in the way, or no worker is there, the endpoint loses none of it.
import { CancellationScope, isCancellation, patched, proxyActivities, sleep } from '@temporalio/workflow';
import type { Activities } from '#activities/index';
import { ourFaults } from './retry.ts';

export interface VerifyInput {
  endpointId: string;
  /** Of the question: an answer to an earlier one counts for nothing. */
  round: number;
}

const firstWaitMs = 5_000;
const longestWaitMs = 3_600_000;
/** Waits of 5 s, 10 s, … and then an hour each come to a day. */
const mostRefusals = 33;

const { challengeEndpoint: askOnce } = proxyActivities<Activities>({
  startToCloseTimeout: '90 seconds',
  retry: { initialInterval: '5 seconds', backoffCoefficient: 2, maximumInterval: '5 minutes' },
});
const { challengeEndpoint: askForADay } = proxyActivities<Activities>({
  startToCloseTimeout: '90 seconds',
  scheduleToCloseTimeout: '24 hours',
  retry: { initialInterval: '5 seconds', backoffCoefficient: 2, maximumInterval: '1 hour' },
});
const { giveUpVerification } = proxyActivities<Activities>({ startToCloseTimeout: '40 seconds', retry: ourFaults });

/** Returns what came of it. */
export async function verifyEndpoint({ endpointId, round }: VerifyInput): Promise<string> {
  try {
    // those that began before the refusals were counted go on as they were
    return patched('refusals-counted') ? await ask({ endpointId, round }) : await askForADay({ endpointId, round });
  } catch (error) {
    const result = await CancellationScope.nonCancellable(() => giveUpVerification({ endpointId, round }));
    if (isCancellation(error)) throw error;
    return result;
  }
}

/** Throws the last refusal. */
async function ask(of: VerifyInput): Promise<string> {
  for (let refusals = 1, wait = firstWaitMs; ; refusals++, wait = Math.min(wait * 2, longestWaitMs)) {
    try {
      return await askOnce({ ...of, refusalEnds: true });
    } catch (error) {
      if (isCancellation(error) || refusals === mostRefusals) throw error;
    }
    await sleep(wait, { summary: `refused ${refusals} of ${mostRefusals} times` });
  }
}
