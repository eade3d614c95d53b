// takeBackKey: cancels the rotation of a signing key that has not ended those before it yet, and says where it stands then.
// Idempotency key: the key's id - taken back once, it stays so.
import { takeBackKey as takeBack } from '../db/key-rotation.ts';
import type { Db } from '../db/pool.ts';
import type { RotationProgress } from '../workflows/contract.ts';
import { createFollowKey } from './follow-key.ts';
import { temporalAudit } from './temporal-audit.ts';

export function createTakeBackKey(db: Db) {
  const followKey = createFollowKey(db);
  return async function takeBackKey({ keyId }: { keyId: string }): Promise<RotationProgress> {
    await takeBack(db, keyId, temporalAudit('signing_key.cancel').audit);
    return followKey({ keyId });
  };
}
