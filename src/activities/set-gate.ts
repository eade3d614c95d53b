// setGate: pauses or resumes an endpoint for a command to its lane, like the API. Idempotency key:
// (endpoint, gate). Setting the same gate twice has no further effect.
import type { CommandAnswer, Gate } from '#contract/workflow-contract';
import { isId } from '#domain/ids';
import type { SetGate } from '#lanes/set-gate';
import { answerOfGate, noSuchEndpoint } from './command-answers.ts';
import { temporalAudit } from './temporal-audit.ts';

export function createSetGate(set: SetGate) {
  return async function setGate({ endpointId, gate }: { endpointId: string; gate: Gate }): Promise<CommandAnswer> {
    if (!isId('ep', endpointId)) return noSuchEndpoint;
    return answerOfGate(gate, await set(endpointId, gate, temporalAudit(`endpoint.${gate}`)));
  };
}
