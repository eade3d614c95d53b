// Verification of endpoints. An unverified endpoint is held: its gate is closed with the reason
// `unverified`, and opens only after verification, or if none is required any more.
import { changedFields } from '#domain/access/audit';
import type { Signing } from '#domain/endpoints/signing';
import { unverified, type VerificationMethod, type VerificationState } from '#domain/endpoints/verification';
import { idOf, uuidOf } from '#domain/ids';
import type { RateLimit } from '#domain/lanes/lane-settings';
import { audited, bySystem } from '../audit/audit.ts';
import type { Db } from '../store/pool.ts';
import { liveSecrets } from './secrets.ts';

type Querying = Pick<Db, 'query'>;

/** A verification round; an answer counts only for its own round. */
export interface Verifying {
  endpointId: string;
  round: number;
}

/** A verification request, with the endpoint's target as it is now. */
export interface VerificationToAsk {
  tenantId: string;
  method: VerificationMethod;
  target: Buffer;
  timeoutMs: number;
  /** Null: Standard Webhooks v1. */
  signing: Signing | null;
  perSecond: number | null;
  /** The secrets that sign now. */
  secrets: { id: string; sealed: Uint8Array }[];
}

/**
 * Starts a new round, or ends verification (`none`). Call it in the transaction that changes the URL or the method. A
 * paused endpoint stays paused.
 */
export async function verifyAnew(db: Querying, endpointId: string, method: VerificationMethod): Promise<void> {
  await db.query({
    name: 'verify_anew',
    text: `
      update endpoints set verification = $2, verification_round = verification_round + 1, verified_at = null, verification_error = null,
        verification_state = case $2 when 'none' then 'none' else 'pending' end,
        verification_due_at = case when $2 <> 'none' then now() + interval '10 seconds' end,
        verification_asked_at = case when $2 <> 'none' then now() end,
        gate = case when $2 <> 'none' then 'held' when gate = 'held' and gate_reason = '${unverified}' then 'open' else gate end,
        gate_reason = case when $2 <> 'none' then case when gate = 'held' then gate_reason else '${unverified}' end
          when gate = 'held' and gate_reason = '${unverified}' then null else gate_reason end,
        version = nextval('config_version'), updated_at = now()
      where id = $1`,
    values: [uuidOf(endpointId), method],
  });
}

/** True: only verification opens its gate. */
export async function isUnverified(db: Querying, endpointId: string): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'is_unverified',
    text: `select from endpoints where id = $1 and verification_state in ('pending', 'failed') and deleted_at is null`,
    values: [uuidOf(endpointId)],
  });
  return rowCount === 1;
}

/** The pending round; null: there is none. */
export async function pendingRound(db: Querying, endpointId: string): Promise<number | null> {
  const { rows } = await db.query<{ round: number }>({
    name: 'pending_verification',
    text: `select verification_round as round from endpoints where id = $1 and verification_state = 'pending' and deleted_at is null`,
    values: [uuidOf(endpointId)],
  });
  return rows[0]?.round ?? null;
}

/** Returns a request to send now, and records the time. Null: this round is no longer pending. */
export async function takeVerification(db: Db, { endpointId, round }: Verifying): Promise<VerificationToAsk | null> {
  const { rows } = await db.query<VerificationRow>({
    name: 'take_verification',
    text: `
      update endpoints set verification_asked_at = now()
      where id = $1 and verification_round = $2 and verification_state = 'pending' and deleted_at is null
      returning tenant_id, verification as method, sealed as target, timeout_ms, signing, (rate_limit->>'perSecond')::float8 as per_second`,
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

/**
 * Records that the endpoint was verified. Its gate opens, unless it was paused meanwhile. `perSecond`: upper limit for
 * its rate, unless its own is lower; its burst is cut to one minute of that rate. False: too late.
 */
export function passVerification(db: Db, { endpointId, round }: Verifying, perSecond: number | null): Promise<boolean> {
  return audited(db, bySystem('endpoint.verify'), async (client) => {
    const { rows } = await client.query<PassedRow>({
      name: 'pass_verification',
      text: `
        with before as (
          select id, verification_state, gate, gate_reason, rate_limit from endpoints
          where id = $1 and verification_round = $2 and verification_state = 'pending' and deleted_at is null for no key update
        )
        update endpoints p set verification_state = 'verified', verified_at = now(), verification_error = null, verification_due_at = null,
          gate = case when p.gate = 'held' and p.gate_reason = '${unverified}' then 'open' else p.gate end,
          gate_reason = case when p.gate = 'held' and p.gate_reason = '${unverified}' then null else p.gate_reason end,
          rate_limit = case when $3::float8 is null or (p.rate_limit->>'perSecond')::float8 <= $3 then p.rate_limit
            else jsonb_strip_nulls(jsonb_build_object('perSecond', $3::float8,
              'burst', case when p.rate_limit ? 'burst' then least((p.rate_limit->>'burst')::int, greatest(1, floor($3::float8 * 60))) end)) end,
          version = nextval('config_version'), updated_at = now()
        from before b where p.id = b.id
        returning b.verification_state as state_was, b.gate as gate_was, b.gate_reason as reason_was, b.rate_limit as rate_was,
          p.verification_state as state, p.gate, p.gate_reason, p.rate_limit`,
      values: [uuidOf(endpointId), round, perSecond],
    });
    const [row] = rows;
    if (!row) return { result: false, entry: null };
    const before = { verification: { state: row.state_was }, gate: row.gate_was, gateReason: row.reason_was, rateLimit: row.rate_was };
    const after = { verification: { state: row.state }, gate: row.gate, gateReason: row.gate_reason, rateLimit: row.rate_limit };
    return { result: true, entry: { target: { kind: 'endpoint', id: endpointId }, ...changedFields(Object.keys(after), before, after) } };
  });
}

interface PassedRow {
  state_was: VerificationState;
  gate_was: string;
  reason_was: string | null;
  rate_was: RateLimit | null;
  state: VerificationState;
  gate: string;
  gate_reason: string | null;
  rate_limit: RateLimit | null;
}

/** Records a failed request; the next one follows within the hour. */
export async function noteVerificationError(db: Querying, { endpointId, round }: Verifying, error: string): Promise<void> {
  await db.query({
    name: 'note_verification_error',
    text: `
      update endpoints set verification_error = $3, verification_due_at = now() + interval '2 hours'
      where id = $1 and verification_round = $2 and verification_state = 'pending'`,
    values: [uuidOf(endpointId), round, error],
  });
}

/** Ends the round: no more requests are made, and the endpoint stays held. */
export async function failVerification(db: Querying, { endpointId, round }: Verifying): Promise<void> {
  await db.query({
    name: 'fail_verification',
    text: `
      update endpoints set verification_state = 'failed', verification_due_at = null, updated_at = now()
      where id = $1 and verification_round = $2 and verification_state = 'pending'`,
    values: [uuidOf(endpointId), round],
  });
}

/**
 * Pending rounds whose request is overdue, for example because Temporal was down. They are not returned again for a
 * minute.
 */
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
