// takeBackKey: cancels a signing key rotation if the previous keys still sign, and returns the
// rotation's phase. Idempotency key: the key's id. A cancelled rotation stays cancelled.

import type { RotationProgress } from '#contract/workflow-contract';
import { takeBackKey as takeBack } from '#db/keys/key-rotation';
import type { Db } from '#db/store/pool';
import { createFollowKey } from './follow-key.ts';
import { temporalAudit } from './temporal-audit.ts';

export function createTakeBackKey(db: Db) {
  const followKey = createFollowKey(db);
  return async function takeBackKey({ keyId }: { keyId: string }): Promise<RotationProgress> {
    await takeBack(db, keyId, temporalAudit('signing_key.cancel'));
    return followKey({ keyId });
  };
}
