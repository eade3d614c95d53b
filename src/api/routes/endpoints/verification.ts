// Endpoint verification: checks the chosen method, and starts a verification after a commit.
import { pendingRound } from '#db/endpoints/verifications';
import type { Caller } from '#domain/access/access';
import type { VerificationMethod } from '#domain/endpoints/verification';
import { invalid } from '../../http/problem.ts';
import type { ApiDeps } from '../deps.ts';

/** Throws a 422 if a caller that is bound to a tenant turns verification off although the operator requires it. */
export function refuseNoVerification({ verification }: ApiDeps, { tenant }: Caller, chosen: VerificationMethod | undefined): void {
  if (chosen !== 'none' || verification.usual === 'none' || tenant === null) return;
  throw invalid([
    { path: 'verification', message: `must not be none: this server requires verification (default: ${verification.usual})` },
  ]);
}

/** Called after the commit. Harmless to repeat: an earlier call may have crashed before this point. */
export async function beginVerification({ db, verification }: ApiDeps, endpointId: string): Promise<void> {
  const round = await pendingRound(db, endpointId);
  if (round !== null) await verification.begin({ endpointId, round });
}
