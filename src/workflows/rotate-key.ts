// rotateKey: follows a signing key rotation until the previous keys are deleted; takes cancel.
// All dates are in the key's row, where signers read them, so a late workflow breaks nothing: it
// waits for the next date, and an activity does what is due.
import { CancellationScope, condition, isCancellation, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '#activities/index';
import { cancelSignal, type RotateKeyInput, type RotationProgress, rotationQuery } from '#contract/workflow-contract';
import { describing } from './described-handlers.ts';
import { ourFaults } from './retry.ts';

const setHandler = describing({
  progress: 'Phase of the rotation, and the time until the next one.',
  cancel: 'Takes the new key back, while the previous keys still sign. No input.',
});
const { followKey, takeBackKey } = proxyActivities<Activities>({ startToCloseTimeout: '40 seconds', retry: ourFaults });

export async function rotateKey({ keyId }: RotateKeyInput): Promise<RotationProgress> {
  let known: RotationProgress = { phase: 'published', nextInMs: 0 };
  let cancelled = false;
  let ending = false;
  setHandler(rotationQuery, () => known);
  setHandler(cancelSignal, () => {
    cancelled = true;
  });

  for (;;) {
    const command = cancelled ? takeBackKey : followKey;
    cancelled = false;
    known = await CancellationScope.nonCancellable(() => command({ keyId }));
    if (known.nextInMs === null || ending) return known;
    await waitFor(known.nextInMs);
  }

  /**
   * Cancelling the workflow (in the Web UI) counts as the command cancel. If it comes too late for that, it only ends
   * the workflow.
   */
  async function waitFor(ms: number): Promise<void> {
    try {
      await condition(() => cancelled, ms);
    } catch (error) {
      if (!isCancellation(error)) throw error;
      cancelled = true;
      ending = true;
    }
  }
}
