// keepStore: partitions ahead of time; dispatches, idempotency keys, portal links, counts of failures and calls, and numbers and rates of who was
// deleted go when they have outlived their use, in small batches. Owners are told of client certificates that come to their end, and erasures that were not
// finished are.
// Idempotency key: none needed - each step looks at what is there and does what is missing.
import { Context } from '@temporalio/activity';
import { alertExpiring } from '#db/endpoints/expiring-certificates';
import { finishErasures } from '#db/events/erase-subject';
import { dropOldDataKeys } from '#db/keys/data-keys';
import { forgetRetiredKeys } from '#db/keys/signing-keys';
import { makePartitions } from '#db/store/partitions';
import type { Db } from '#db/store/pool';
import {
  cancelLeftBehind,
  deleteOldApiRates,
  deleteOldDispatches,
  deleteOldHealth,
  deleteOldIdempotencyKeys,
  deleteOldPortalLinks,
  deleteOldRates,
  deleteOldSequences,
} from '#db/store/upkeep';
import type { Lanes } from '#domain/lane';

const old = [deleteOldDispatches, deleteOldIdempotencyKeys, deleteOldSequences, deleteOldRates, deleteOldPortalLinks, deleteOldApiRates];

/** `disableAfterMs`: for so long an endpoint must have failed to be disabled. */
export function createKeepStore(db: Db, lanes: Pick<Lanes, 'changed'>, disableAfterMs: number) {
  return async function keepStore(): Promise<{ partitionsMade: number; rowsDeleted: number }> {
    const partitionsMade = await makePartitions(db);
    await forgetRetiredKeys(db);
    await untilNone(() => cancelLeftBehind(db));
    await untilNone(() => deleteOldHealth(db, disableAfterMs));
    await untilNone(() => alertExpiring(db));
    await finishErasures(db, () => Context.current().heartbeat(), lanes.changed);
    let rowsDeleted = await dropOldDataKeys(db);
    for (const deleteBatch of old) rowsDeleted += await untilNone(() => deleteBatch(db));
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
