// Asks an endpoint whether it wants to be sent to, for a day; then it stays held until somebody asks again. Another question terminates this one.
import { CancellationScope, isCancellation, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { ourFaults } from './retry.ts';

export interface VerifyInput {
  endpointId: string;
  /** Of the question: an answer to an earlier one counts for nothing. */
  round: number;
}

const { challengeEndpoint } = proxyActivities<Activities>({
  startToCloseTimeout: '90 seconds',
  scheduleToCloseTimeout: '24 hours',
  retry: { initialInterval: '5 seconds', backoffCoefficient: 2, maximumInterval: '1 hour' },
});
const { giveUpVerification } = proxyActivities<Activities>({ startToCloseTimeout: '40 seconds', retry: ourFaults });

/** Returns what came of it. */
export async function verifyEndpoint({ endpointId, round }: VerifyInput): Promise<string> {
  try {
    return await challengeEndpoint({ endpointId, round });
  } catch (error) {
    const result = await CancellationScope.nonCancellable(() => giveUpVerification({ endpointId, round }));
    if (isCancellation(error)) throw error;
    return result;
  }
}
