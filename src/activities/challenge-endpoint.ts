// challengeEndpoint: sends one verification request. If the endpoint agrees, its gate opens.
// Idempotency key: (endpoint, round). A round with a result, or a replaced one, sends nothing.
// Temporal retries internal errors without limit. The workflow counts refusals and retries them.
import { ApplicationFailure } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import { type Challenge, type ChallengeAnswer, faultOf } from '#attempts/challenge';
import type { Slots } from '#attempts/slots';
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
import type { Lanes } from '#domain/lanes/lane';
import { wakeBehindGate } from '#lanes/set-gate';

export interface ChallengeEndpointDeps {
  db: Db;
  lanes: Lanes;
  places: Pick<Slots, 'take'>;
  challenge: Challenge;
}

const slotRetryMs = 5_000;

/**
 * Throws a BENIGN ApplicationFailure if there is no free slot (type: `no_slot`), which Temporal retries, or if the
 * endpoint did not agree (type: the outcome), which it does not: the workflow counts refusals.
 */
export function createChallengeEndpoint({ db, lanes, places, challenge }: ChallengeEndpointDeps) {
  /** Sends the challenge. It takes a slot like any request, at most one per endpoint. */
  async function ask(of: Verifying, asked: VerificationToAsk): Promise<ChallengeAnswer> {
    const release = places.take(asked.tenantId, of.endpointId, 1);
    if (typeof release !== 'function')
      throw benign('no_slot', 'the limit of requests in flight is reached', { nextRetryDelay: slotRetryMs });
    try {
      return await challenge(of.endpointId, asked);
    } catch (error) {
      await noteFault(db, of, error);
      throw error;
    } finally {
      release();
    }
  }

  return async function challengeEndpoint(of: Verifying): Promise<string> {
    const asked = await takeVerification(db, of);
    if (!asked) return 'no longer needed';
    const answer = await ask(of, asked);
    if (!answer.agreed) {
      await noteVerificationError(db, of, answer.message);
      throw benign(answer.outcome, answer.message, { nonRetryable: true });
    }
    if (!(await passVerification(db, of, answer.perSecond))) return 'no longer needed';
    await wakeBehindGate({ db, lanes }, of.endpointId);
    return 'verified';
  };
}

/** The tenant sees that Posthorn had an internal error and its class, but no details. */
async function noteFault(db: Db, of: Verifying, error: unknown): Promise<void> {
  if (isStoreAway(error)) return;
  await noteVerificationError(db, of, `not sent because of an internal error (${faultOf(error)}); Posthorn will retry`).catch(
    () => undefined,
  );
}

function benign(type: string, message: string, more: { nextRetryDelay?: number; nonRetryable?: boolean }): ApplicationFailure {
  return ApplicationFailure.create({ type, message, category: ApplicationFailureCategory.BENIGN, ...more });
}

/** giveUpVerification: stops verifying the endpoint, which stays held. Repeating it does no harm. */
export function createGiveUpVerification(db: Db) {
  return async function giveUpVerification(of: Verifying): Promise<string> {
    await failVerification(db, of);
    return 'given up';
  };
}
