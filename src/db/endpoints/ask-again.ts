// Requests another verification of an endpoint that is not verified yet, at most once in 30 s.

import type { VerificationState } from '#domain/endpoints/verification';
import { uuidOf } from '#domain/ids';
import { type Audit, audited } from '../audit/audit.ts';
import type { Db } from '../store/pool.ts';

type Querying = Pick<Db, 'query'>;

/** Minimum time between two verification requests, in seconds. */
const betweenQuestionsS = 30;

/** Seconds until the endpoint may be asked again; 0: now. Locks its row. */
async function secondsToWait(db: Querying, endpointId: string): Promise<number> {
  const { rows } = await db.query<{ seconds: number | null }>({
    name: 'seconds_to_next_question',
    text: `
      select ceil(${betweenQuestionsS} - extract(epoch from now() - verification_asked_at))::int as seconds
      from endpoints where id = $1 and verification_state = 'pending' and deleted_at is null for update`,
    values: [uuidOf(endpointId)],
  });
  return Math.max(0, rows[0]?.seconds ?? 0);
}

type Again = { round: number } | { waitS: number };

/**
 * Starts a new round for an unverified endpoint, or returns the seconds to wait; null: no such endpoint, or it needs no
 * verification.
 */
export function askAgain(db: Db, endpointId: string, audit?: Audit): Promise<Again | null> {
  return audited<Again | null>(db, audit, async (client) => {
    const waitS = await secondsToWait(client, endpointId);
    if (waitS > 0) return { result: { waitS }, entry: null };
    const { rows } = await client.query<{ round: number; state_was: VerificationState }>({
      name: 'ask_again',
      text: `
        with before as (
          select id, verification_state as state_was from endpoints
          where id = $1 and verification_state in ('pending', 'failed') and deleted_at is null for no key update
        )
        update endpoints p set verification_state = 'pending', verification_round = verification_round + 1,
          verification_due_at = now() + interval '10 seconds', verification_asked_at = now(), updated_at = now()
        from before b where p.id = b.id
        returning p.verification_round as round, b.state_was`,
      values: [uuidOf(endpointId)],
    });
    const [row] = rows;
    if (!row) return { result: null, entry: null };
    const [before, after] = [row.state_was, 'pending' as const].map((state) => ({ verification: { state } }));
    return {
      result: { round: row.round },
      entry: { target: { kind: 'endpoint', id: endpointId }, before: before ?? null, after: after ?? null },
    };
  });
}
