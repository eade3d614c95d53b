// takeBackKey: cancels the rotation of a signing key that has not ended those before it yet, and says where it stands then.
// Idempotency key: the key's id - taken back once, it stays so.

import type { RotationProgress } from '#contract/workflow-contract';
import { takeBackKey as takeBack } from '#db/keys/key-rotation';
import type { Db } from '#db/store/pool';
import { createFollowKey } from './follow-key.ts';
import { temporalAudit } from './temporal-audit.ts';

export function createTakeBackKey(db: Db) {
  const followKey = createFollowKey(db);
  return async function takeBackKey({ keyId }: { keyId: string }): Promise<RotationProgress> {
    await takeBack(db, keyId, temporalAudit('signing_key.cancel').audit);
    return followKey({ keyId });
  };
}
