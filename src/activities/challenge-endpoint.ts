// challengeEndpoint: asks an endpoint once whether it wants to be sent to; what it agrees to opens its gate.
// Idempotency key: (endpoint, round) - a question that was answered, or is not to be asked any more, is not asked.
import { ApplicationFailure } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import type { Challenge } from '../attempts/challenge.ts';
import type { Db } from '../db/pool.ts';
import { failVerification, noteVerificationError, passVerification, readVerification, type Verifying } from '../db/verifications.ts';
import type { Lanes } from '../domain/lane.ts';
import { wakeBehindGate } from '../lanes/set-gate.ts';

export interface ChallengeEndpointDeps {
  db: Db;
  lanes: Lanes;
  challenge: Challenge;
}

/** Throws ApplicationFailure of category BENIGN, its type the outcome, when the endpoint has not agreed. */
export function createChallengeEndpoint({ db, lanes, challenge }: ChallengeEndpointDeps) {
  return async function challengeEndpoint(of: Verifying): Promise<string> {
    const asked = await readVerification(db, of);
    if (!asked) return 'not to be asked any more';
    const answer = await challenge(of.endpointId, asked);
    if (!answer.agreed) {
      await noteVerificationError(db, of, answer.message);
      throw ApplicationFailure.create({ type: answer.outcome, message: answer.message, category: ApplicationFailureCategory.BENIGN });
    }
    if (!(await passVerification(db, of, answer.perSecond))) return 'not to be asked any more';
    await wakeBehindGate({ db, lanes }, of.endpointId);
    return 'verified';
  };
}

/** giveUpVerification: the endpoint is not asked any more, and stays held. Harmless to repeat. */
export function createGiveUpVerification(db: Db) {
  return async function giveUpVerification(of: Verifying): Promise<string> {
    await failVerification(db, of);
    return 'given up';
  };
}
