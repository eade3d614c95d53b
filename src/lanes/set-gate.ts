// Pauses and resumes an endpoint. Called by the API and by workflows. Safe to repeat: the next call
// finishes one that stopped halfway. After a resume the lane is woken and sends what is held.
import type { Audit } from '#db/audit/audit';
import { holdsSomething, pauseEndpoint, resumeEndpoint } from '#db/endpoints/pause-resume';
import { isUnverified } from '#db/endpoints/verifications';
import type { Db } from '#db/store/pool';
import { unverified } from '#domain/endpoints/verification';
import type { Lanes } from '#domain/lanes/lane';

/**
 * Pauses or resumes an endpoint. False: there is no such endpoint. `unverified`: not resumed, because the endpoint
 * is not verified yet.
 */
export type SetGate = (endpointId: string, gate: 'pause' | 'resume', audit: Audit) => Promise<boolean | typeof unverified>;

export function createSetGate({ db, lanes }: { db: Db; lanes: Lanes }): SetGate {
  return async (endpointId, gate, audit) => {
    if (gate === 'pause') return pauseEndpoint(db, endpointId, audit);
    if (!(await resumeEndpoint(db, endpointId, audit))) return (await isUnverified(db, endpointId)) && unverified;
    await wakeBehindGate({ db, lanes }, endpointId);
    return true;
  };
}

/** Wakes the lane of an endpoint. To be called after its gate was opened. */
export async function wakeBehindGate({ db, lanes }: { db: Db; lanes: Lanes }, endpointId: string): Promise<void> {
  await lanes.changed(endpointId);
  // read after the gate was opened: a process that holds a delivery later wakes the lane itself
  if (await holdsSomething(db, endpointId)) await lanes.parked([endpointId]);
}
