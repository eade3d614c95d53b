// challengeEndpoint: asks an endpoint once whether it wants to be sent to; what it agrees to opens its gate.
// Idempotency key: (endpoint, round) - a question that was answered, or is not to be asked any more, is not asked.
//
// Whose fault? What the endpoint refuses is the workflow's to count, and is not tried again here. A fault of ours (a store that is away, a secret that
// cannot be opened, no free place) is tried again by Temporal for as long as it takes: the endpoint was not asked.
import { ApplicationFailure } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import { type Challenge, type ChallengeAnswer, faultOf } from '#attempts/challenge';
import type { Slots } from '#attempts/places';
import {
  failVerification,
  noteVerificationError,
  passVerification,
  takeVerification,
  type VerificationToAsk,
  type Verifying,
} from '#db/endpoints/verifications';
import { isStoreAway } from '#db/store/errors';
import type { Db } from '#db/store/pool';
import type { Lanes } from '#domain/lane';
import { wakeBehindGate } from '#lanes/set-gate';

export interface ChallengeEndpointDeps {
  db: Db;
  lanes: Lanes;
  places: Pick<Slots, 'take'>;
  challenge: Challenge;
}

const placeAgainAfterMs = 5_000;

/** `refusalEnds`: the caller counts refusals; without, Temporal tries again, as workflows that began before want it. */
export type ChallengeInput = Verifying & { refusalEnds?: true };

/** Throws ApplicationFailure of category BENIGN, its type the outcome, when the endpoint has not agreed, or `no_place`. */
export function createChallengeEndpoint({ db, lanes, places, challenge }: ChallengeEndpointDeps) {
  /** A challenge takes its place among the requests in flight, one for each endpoint. */
  async function ask(of: Verifying, asked: VerificationToAsk): Promise<ChallengeAnswer> {
    const leave = places.take(asked.tenantId, of.endpointId, 1);
    if (typeof leave !== 'function')
      throw benign('no_place', 'the limit of requests in flight is reached', { nextRetryDelay: placeAgainAfterMs });
    try {
      return await challenge(of.endpointId, asked);
    } catch (error) {
      await noteFault(db, of, error);
      throw error;
    } finally {
      leave();
    }
  }

  return async function challengeEndpoint({ refusalEnds, ...of }: ChallengeInput): Promise<string> {
    const asked = await takeVerification(db, of);
    if (!asked) return 'not to be asked any more';
    const answer = await ask(of, asked);
    if (!answer.agreed) {
      await noteVerificationError(db, of, answer.message);
      throw benign(answer.outcome, answer.message, { nonRetryable: refusalEnds === true });
    }
    if (!(await passVerification(db, of, answer.perSecond))) return 'not to be asked any more';
    await wakeBehindGate({ db, lanes }, of.endpointId);
    return 'verified';
  };
}

/** The tenant reads that it was us, and not what of ours. */
async function noteFault(db: Db, of: Verifying, error: unknown): Promise<void> {
  if (isStoreAway(error)) return;
  await noteVerificationError(db, of, `not asked, for a fault of Posthorn's own (${faultOf(error)}): it is tried again`).catch(
    () => undefined,
  );
}

function benign(type: string, message: string, more: { nextRetryDelay?: number; nonRetryable?: boolean }): ApplicationFailure {
  return ApplicationFailure.create({ type, message, category: ApplicationFailureCategory.BENIGN, ...more });
}

/** giveUpVerification: the endpoint is not asked any more, and stays held. Harmless to repeat. */
export function createGiveUpVerification(db: Db) {
  return async function giveUpVerification(of: Verifying): Promise<string> {
    await failVerification(db, of);
    return 'given up';
  };
}
