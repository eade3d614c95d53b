// keepStore: creates partitions in advance, deletes expired rows in small batches, and finishes
// interrupted erasures. The upkeep workflow calls
// it every 6 hours. Needs no idempotency key, because each step only does what is still missing.
import { Context } from '@temporalio/activity';
import { deleteOldAlerts, deleteOldNotifications } from '#db/alerts/alerts';
import { deleteOldBaselines } from '#db/alerts/baselines';
import { deleteOldMissedLists } from '#db/deliveries/missed';
import { deleteOldHistory } from '#db/endpoints/endpoint-history';
import { deleteOldShapes } from '#db/endpoints/shapes';
import { finishErasures } from '#db/events/erase-subject';
import { deleteOldRecalls } from '#db/events/recall';
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
  deleteOldPortalLogos,
  deleteOldRates,
  deleteOldSequences,
  deleteOldSessions,
  deleteOldTargets,
} from '#db/store/upkeep';
import type { Lanes } from '#domain/lanes/lane';

const old = [
  deleteOldTargets,
  deleteOldHistory,
  deleteOldShapes,
  deleteOldMissedLists,
  deleteOldRecalls,
  deleteOldDispatches,
  deleteOldIdempotencyKeys,
  deleteOldSequences,
  deleteOldRates,
  deleteOldPortalLinks,
  deleteOldPortalLogos,
  deleteOldSessions,
  deleteOldApiRates,
  deleteOldNotifications,
  deleteOldAlerts,
  deleteOldBaselines,
];

/** `disableAfterMs`: how long an endpoint must fail before it is disabled. */
export function createKeepStore(db: Db, lanes: Pick<Lanes, 'changed'>, disableAfterMs: number) {
  return async function keepStore(): Promise<{ partitionsMade: number; rowsDeleted: number }> {
    const partitionsMade = await makePartitions(db);
    await forgetRetiredKeys(db);
    await untilNone(() => cancelLeftBehind(db));
    await untilNone(() => deleteOldHealth(db, disableAfterMs));
    await finishErasures(
      db,
      () => Context.current().heartbeat(),
      (endpointId) => lanes.changed(endpointId),
    );
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
