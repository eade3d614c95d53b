// setGate: pauses or resumes an endpoint for a signal to the operator or to its lane, like the API.
// Idempotency key: (endpoint, gate). Setting the same gate twice has no further effect.

import { unverified } from '#domain/endpoints/verification';
import { isId } from '#domain/ids';
import type { SetGate } from '#lanes/set-gate';
import { temporalAudit } from './temporal-audit.ts';

export function createSetGate(set: SetGate) {
  return async function setGate({ endpointId, gate }: { endpointId: string; gate: 'pause' | 'resume' }): Promise<string> {
    const done = isId('ep', endpointId) && (await set(endpointId, gate, temporalAudit(`endpoint.${gate}`)));
    if (done === unverified) return 'not possible until the endpoint is verified';
    return done ? `${gate}d` : 'no such endpoint';
  };
}
