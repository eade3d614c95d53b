// How an endpoint is to be asked whether it wants to be sent to, and that it is asked.
import { pendingRound } from '#db/endpoints/verifications';
import type { Caller } from '#domain/access';
import type { VerificationMethod } from '#domain/verification';
import { invalid } from '../http/problem.ts';
import type { ApiDeps } from './deps.ts';

/** Throws a 422: where the operator wants endpoints to be asked, a caller of one tenant does not decide that they need not be. */
export function refuseNoVerification({ verification }: ApiDeps, { tenant }: Caller, wished: VerificationMethod | undefined): void {
  if (wished !== 'none' || verification.usual === 'none' || tenant === null) return;
  throw invalid([{ path: 'verification', message: `must be one of those that are asked: here it is ${verification.usual} by default` }]);
}

/** After the commit; also when it was asked before: the call before may not have got so far. */
export async function beginVerification({ db, verification }: ApiDeps, endpointId: string): Promise<void> {
  const round = await pendingRound(db, endpointId);
  if (round !== null) await verification.begin({ endpointId, round });
}
