// An endpoint is paused and resumed. What is held behind its gate is sent by its lane, which looks when the gate opens.

import type { Audit } from '../db/audit.ts';
import { holdsSomething, pauseEndpoint, resumeEndpoint } from '../db/gates.ts';
import type { Db } from '../db/pool.ts';
import type { Lanes } from '../domain/lane.ts';

/** Pauses or resumes; false: no such endpoint. Harmless to repeat: what stopped halfway is finished. */
export type SetGate = (endpointId: string, gate: 'pause' | 'resume', audit: Audit) => Promise<boolean>;

export function createSetGate({ db, lanes }: { db: Db; lanes: Lanes }): SetGate {
  return async (endpointId, gate, audit) => {
    if (gate === 'pause') return pauseEndpoint(db, endpointId, audit);
    if (!(await resumeEndpoint(db, endpointId, audit))) return false;
    await lanes.changed(endpointId);
    // read after the gate was opened: who holds one later has its lane woken itself
    if (await holdsSomething(db, endpointId)) await lanes.parked([endpointId]);
    return true;
  };
}
