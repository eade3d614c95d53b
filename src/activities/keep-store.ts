// keepStore: partitions ahead of time; dispatches, idempotency keys, relays and counts of failures that have outlived their use go, in small batches.
// Idempotency key: none needed - each step looks at what is there and does what is missing.
import { Context } from '@temporalio/activity';
import { makePartitions } from '../db/partitions.ts';
import type { Db } from '../db/pool.ts';
import { forgetDeadRelays } from '../db/relays.ts';
import { cancelLeftBehind, deleteOldDispatches, deleteOldHealth, deleteOldIdempotencyKeys } from '../db/upkeep.ts';

export function createKeepStore(db: Db) {
  return async function keepStore(): Promise<{ partitionsMade: number; rowsDeleted: number }> {
    const partitionsMade = await makePartitions(db);
    await forgetDeadRelays(db);
    await untilNone(() => cancelLeftBehind(db));
    await untilNone(() => deleteOldHealth(db));
    const rowsDeleted = (await untilNone(() => deleteOldDispatches(db))) + (await untilNone(() => deleteOldIdempotencyKeys(db)));
    return { partitionsMade, rowsDeleted };
  };
}

async function untilNone(deleteBatch: () => Promise<number>): Promise<number> {
  let total = 0;
  for (let deleted = await deleteBatch(); deleted > 0; deleted = await deleteBatch()) {
    total += deleted;
    Context.current().heartbeat();
  }
  return total;
}
