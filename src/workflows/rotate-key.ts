// Follows the rotation of a signing key to its end: published, signing beside those before it, signing alone, those before it forgotten.
//
// All the dates stand in the key's row, where whoever signs and whoever reads the public keys sees them, so nothing here has to happen in time. An
// activity reads where it stands and does what is due; the workflow waits for what comes next, and takes the order to cancel.
import { CancellationScope, condition, isCancellation, proxyActivities, setHandler } from '@temporalio/workflow';
import type { Activities } from '#activities/index';
import { cancelSignal, type RotateKeyInput, type RotationProgress, rotationQuery } from '#contract/workflow-contract';
import { ourFaults } from './retry.ts';

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
    const order = cancelled ? takeBackKey : followKey;
    cancelled = false;
    known = await CancellationScope.nonCancellable(() => order({ keyId }));
    if (known.nextInMs === null || ending) return known;
    await waitFor(known.nextInMs);
  }

  /** A cancellation of the workflow itself (the Web UI's button) is the same order; too late, it ends only the following. */
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
