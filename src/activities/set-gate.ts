// setGate: pause or resume of an endpoint that came to the operator, as the API does it.
// Idempotency key: (endpoint, gate): setting it twice is setting it once.
import { isId } from '#domain/ids';
import { unverified } from '#domain/verification';
import type { SetGate } from '#lanes/set-gate';
import { temporalAudit } from './temporal-audit.ts';

export function createSetGate(set: SetGate) {
  return async function setGate({ endpointId, gate }: { endpointId: string; gate: 'pause' | 'resume' }): Promise<string> {
    const done = isId('ep', endpointId) && (await set(endpointId, gate, temporalAudit(`endpoint.${gate}`).audit));
    if (done === unverified) return 'not possible until it is verified';
    return done ? `${gate}d` : 'no such endpoint';
  };
}
