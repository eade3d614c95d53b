// verifyEndpoint: verifies an endpoint, with retries over about a day. Then it stays held until the
// next request to verify, which terminates a running workflow. The day is counted in refusals, not
// in time, so internal errors and missing workers do not shorten it.
import { CancellationScope, isCancellation, proxyActivities, sleep } from '@temporalio/workflow';
import type { Activities } from '#activities/index';
import { ourFaults } from './retry.ts';

export interface VerifyInput {
  endpointId: string;
  /** Number of the verification. Results of earlier rounds are ignored. */
  round: number;
}

const firstWaitMs = 5_000;
const longestWaitMs = 3_600_000;
/** Refusals after waits of 5 s, 10 s, … up to one hour; together about a day. */
const mostRefusals = 33;

const { challengeEndpoint } = proxyActivities<Activities>({
  startToCloseTimeout: '90 seconds',
  retry: { initialInterval: '5 seconds', backoffCoefficient: 2, maximumInterval: '5 minutes' },
});
const { giveUpVerification } = proxyActivities<Activities>({ startToCloseTimeout: '40 seconds', retry: ourFaults });

/** Returns the result as a text. */
export async function verifyEndpoint({ endpointId, round }: VerifyInput): Promise<string> {
  try {
    return await ask({ endpointId, round });
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
      return await challengeEndpoint(of);
    } catch (error) {
      if (isCancellation(error) || refusals === mostRefusals) throw error;
    }
    await sleep(wait, { summary: `refused ${refusals} of ${mostRefusals} times` });
  }
}
