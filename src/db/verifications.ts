// Whether endpoints have agreed to be sent to. Who has not is held: its gate is closed for the reason `unverified`, which nothing but its agreement, or
// that none is asked for any more, opens.
import type { AuditEntry } from '../domain/audit.ts';
import { idOf, uuidOf } from '../domain/ids.ts';
import type { Signing } from '../domain/signing.ts';
import { unverified, type VerificationMethod, type VerificationState } from '../domain/verification.ts';
import { type Audit, audited, bySystem } from './audit.ts';
import type { Db } from './pool.ts';
import { liveSecrets } from './secrets.ts';

type Querying = Pick<Db, 'query'>;

/** One question: an answer counts for its own round only. */
export interface Verifying {
  endpointId: string;
  round: number;
}

/** A question as it is asked: with what leads to the endpoint now. */
export interface VerificationToAsk {
  tenantId: string;
  method: VerificationMethod;
  target: Buffer;
  timeoutMs: number;
  /** Null: Standard Webhooks v1. */
  signing: Signing | null;
  perSecond: number | null;
  /** That sign now. */
  secrets: { id: string; sealed: Uint8Array }[];
}

/** Within the transaction that changes its URL or its method: from now on it is to be asked, or needs not be. A paused endpoint stays paused. */
export async function verifyAnew(db: Querying, endpointId: string, method: VerificationMethod): Promise<void> {
  await db.query({
    name: 'verify_anew',
    text: `
      update endpoints set verification = $2, verification_round = verification_round + 1, verified_at = null, verification_error = null,
        verification_state = case $2 when 'none' then 'none' else 'pending' end,
        verification_due_at = case when $2 <> 'none' then now() + interval '10 seconds' end,
        gate = case when $2 <> 'none' then 'held' when gate = 'held' and gate_reason = '${unverified}' then 'open' else gate end,
        gate_reason = case when $2 <> 'none' then case when gate = 'held' then gate_reason else '${unverified}' end
          when gate = 'held' and gate_reason = '${unverified}' then null else gate_reason end,
        version = nextval('config_version'), updated_at = now()
      where id = $1`,
    values: [uuidOf(endpointId), method],
  });
}

/** Nothing opens its gate until it has agreed. */
export async function isUnverified(db: Querying, endpointId: string): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'is_unverified',
    text: `select from endpoints where id = $1 and verification_state in ('pending', 'failed') and deleted_at is null`,
    values: [uuidOf(endpointId)],
  });
  return rowCount === 1;
}

/** The round that is to be asked; null: none is. */
export async function pendingRound(db: Querying, endpointId: string): Promise<number | null> {
  const { rows } = await db.query<{ round: number }>({
    name: 'pending_verification',
    text: `select verification_round as round from endpoints where id = $1 and verification_state = 'pending' and deleted_at is null`,
    values: [uuidOf(endpointId)],
  });
  return rows[0]?.round ?? null;
}

/** A question just asked is waited for: this long, by whoever wants another. */
const betweenQuestionsS = 30;

/**
 * Seconds until it may be asked again. When it was asked last is told by when it is due: 10 s after a question was ordered, 2 h after one was refused,
 * and anything between where a worker gave it again.
 */
async function secondsToWait(db: Querying, endpointId: string): Promise<number> {
  const { rows } = await db.query<{ seconds: number }>({
    name: 'seconds_to_next_question',
    text: `
      select ceil(${betweenQuestionsS} - extract(epoch from now() - asked_at))::int as seconds from (
        select case when verification_due_at > now() + interval '90 minutes' then verification_due_at - interval '2 hours'
          when verification_due_at <= now() + interval '10 seconds' then verification_due_at - interval '10 seconds' end as asked_at
        from endpoints where id = $1 and verification_state = 'pending' and deleted_at is null for update
      ) as question where asked_at is not null`,
    values: [uuidOf(endpointId)],
  });
  return Math.max(0, rows[0]?.seconds ?? 0);
}

type Again = { round: number } | { waitS: number };

/** A new round for one that has not agreed yet, or how long to wait with it; null: no such endpoint, or it need not be asked. */
export function askAgain(db: Db, endpointId: string, audit?: Audit): Promise<Again | null> {
  return audited<Again | null>(db, audit, async (client) => {
    const waitS = await secondsToWait(client, endpointId);
    if (waitS > 0) return { result: { waitS }, entry: null };
    const { rows } = await client.query<{ round: number }>({
      name: 'ask_again',
      text: `
        update endpoints set verification_state = 'pending', verification_round = verification_round + 1,
          verification_due_at = now() + interval '10 seconds', updated_at = now()
        where id = $1 and verification_state in ('pending', 'failed') and deleted_at is null
        returning verification_round as round`,
      values: [uuidOf(endpointId)],
    });
    return { result: rows[0] ?? null, entry: rows[0] ? entryOf(endpointId, 'pending') : null };
  });
}

function entryOf(endpointId: string, state: VerificationState): AuditEntry {
  return { target: { kind: 'endpoint', id: endpointId }, before: null, after: { verification: { state } } };
}

/** Null: this question is not to be asked any more. */
export async function readVerification(db: Db, { endpointId, round }: Verifying): Promise<VerificationToAsk | null> {
  const { rows } = await db.query<VerificationRow>({
    name: 'read_verification',
    text: `
      select tenant_id, verification as method, sealed as target, timeout_ms, signing, (rate_limit->>'perSecond')::float8 as per_second from endpoints
      where id = $1 and verification_round = $2 and verification_state = 'pending' and deleted_at is null`,
    values: [uuidOf(endpointId), round],
  });
  const [row] = rows;
  if (!row) return null;
  const { tenant_id, method, target, timeout_ms: timeoutMs, signing, per_second: perSecond } = row;
  const secrets = (await liveSecrets(db, endpointId)).map(({ secretId, sealed }) => ({ id: secretId, sealed }));
  return { tenantId: idOf('tnt', tenant_id), method, target, timeoutMs, signing, perSecond, secrets };
}

interface VerificationRow {
  tenant_id: string;
  method: VerificationMethod;
  target: Buffer;
  timeout_ms: number;
  signing: Signing | null;
  per_second: number | null;
}

/** It has agreed: its gate opens, unless it was paused meanwhile. `perSecond`: at most so many requests, unless its own limit is lower. False: too late. */
export function passVerification(db: Db, { endpointId, round }: Verifying, perSecond: number | null): Promise<boolean> {
  return audited(db, bySystem('endpoint.verify'), async (client) => {
    const { rowCount } = await client.query({
      name: 'pass_verification',
      text: `
        update endpoints set verification_state = 'verified', verified_at = now(), verification_error = null, verification_due_at = null,
          gate = case when gate = 'held' and gate_reason = '${unverified}' then 'open' else gate end,
          gate_reason = case when gate = 'held' and gate_reason = '${unverified}' then null else gate_reason end,
          rate_limit = case when $3::float8 is null or (rate_limit->>'perSecond')::float8 <= $3 then rate_limit
            else jsonb_build_object('perSecond', $3::float8) end,
          version = nextval('config_version'), updated_at = now()
        where id = $1 and verification_round = $2 and verification_state = 'pending' and deleted_at is null`,
      values: [uuidOf(endpointId), round, perSecond],
    });
    return { result: rowCount === 1, entry: rowCount === 1 ? entryOf(endpointId, 'verified') : null };
  });
}

/** A try that did not pass; the next comes within the hour. */
export async function noteVerificationError(db: Querying, { endpointId, round }: Verifying, error: string): Promise<void> {
  await db.query({
    name: 'note_verification_error',
    text: `
      update endpoints set verification_error = $3, verification_due_at = now() + interval '2 hours'
      where id = $1 and verification_round = $2 and verification_state = 'pending'`,
    values: [uuidOf(endpointId), round, error],
  });
}

/** It is not asked any more, and stays held. */
export async function failVerification(db: Querying, { endpointId, round }: Verifying): Promise<void> {
  await db.query({
    name: 'fail_verification',
    text: `
      update endpoints set verification_state = 'failed', verification_due_at = null, updated_at = now()
      where id = $1 and verification_round = $2 and verification_state = 'pending'`,
    values: [uuidOf(endpointId), round],
  });
}

/** Questions that nobody seems to ask, for want of Temporal at the time; they are not given again for a minute. */
export async function takeLeftVerifications(db: Querying): Promise<Verifying[]> {
  const { rows } = await db.query<{ id: string; round: number }>({
    name: 'take_left_verifications',
    text: `
      update endpoints set verification_due_at = now() + interval '1 minute'
      where id in (
        select id from endpoints where verification_state = 'pending' and deleted_at is null and verification_due_at < now()
        order by verification_due_at limit 100 for update skip locked
      )
      returning id, verification_round as round`,
  });
  return rows.map(({ id, round }) => ({ endpointId: idOf('ep', id), round }));
}
