// An endpoint is paused and resumed. What is held behind its gate is sent by its lane, which looks when the gate opens.

import type { Audit } from '#db/audit/audit';
import { holdsSomething, pauseEndpoint, resumeEndpoint } from '#db/endpoints/pause-resume';
import { isUnverified } from '#db/endpoints/verifications';
import type { Db } from '#db/store/pool';
import type { Lanes } from '#domain/lane';
import { unverified } from '#domain/verification';

/** Pauses or resumes; false: no such endpoint; `unverified`: not resumed, it has not agreed yet to be sent to. Harmless to repeat: what stopped halfway is finished. */
export type SetGate = (endpointId: string, gate: 'pause' | 'resume', audit: Audit) => Promise<boolean | typeof unverified>;

export function createSetGate({ db, lanes }: { db: Db; lanes: Lanes }): SetGate {
  return async (endpointId, gate, audit) => {
    if (gate === 'pause') return pauseEndpoint(db, endpointId, audit);
    if (!(await resumeEndpoint(db, endpointId, audit))) return (await isUnverified(db, endpointId)) && unverified;
    await wakeBehindGate({ db, lanes }, endpointId);
    return true;
  };
}

/** After its gate was opened. */
export async function wakeBehindGate({ db, lanes }: { db: Db; lanes: Lanes }, endpointId: string): Promise<void> {
  await lanes.changed(endpointId);
  // read after the gate was opened: who holds one later has its lane woken itself
  if (await holdsSomething(db, endpointId)) await lanes.parked([endpointId]);
}
