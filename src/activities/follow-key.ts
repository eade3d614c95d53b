// followKey: returns the phase of a signing key rotation, and deletes private keys that are no
// longer needed. Needs no idempotency key, because the key's row has the state.

import type { RotationProgress } from '#contract/workflow-contract';
import { type RotationTimes, readRotation } from '#db/keys/key-rotation';
import { forgetRetiredKeys } from '#db/keys/signing-keys';
import type { Db } from '#db/store/pool';

export function createFollowKey(db: Db) {
  return async function followKey({ keyId }: { keyId: string }): Promise<RotationProgress> {
    await forgetRetiredKeys(db);
    const times = await readRotation(db, keyId);
    return times ? progressOf(times) : { phase: 'cancelled', nextInMs: null };
  };
}

function progressOf({ signsInMs, aloneInMs, othersGoneInMs, ended }: RotationTimes): RotationProgress {
  const phases: [RotationProgress['phase'], number][] = [
    ['published', signsInMs],
    ['signing', aloneInMs],
    ['alone', othersGoneInMs],
  ];
  if (ended) return { phase: aloneInMs > 0 ? 'cancelled' : 'done', nextInMs: null };
  for (const [phase, inMs] of phases) if (inMs > 0) return { phase, nextInMs: Math.ceil(inMs) + 1 };
  return { phase: 'done', nextInMs: null };
}
