// Reads what decides the next steps of a delivery, and where its event is.
import type { DeliveryStatus } from '#domain/deliveries/delivery';
import type { RetryPolicy } from '#domain/deliveries/retry-schedule';
import { idOf, uuidOf } from '#domain/ids';
import type { NextFacts } from '#domain/views/next-steps';
import type { Db } from '../store/pool.ts';
import { nextAttemptsOf } from './held-until.ts';

export interface DeliveryFacts extends Omit<NextFacts, 'retry' | 'now'> {
  /** Null: the usual one. */
  retry: RetryPolicy | null;
  tenant: { tenantId: string; key: string };
  /** The producer's id. */
  event: string;
  endpointId: string;
}

interface Row {
  status: DeliveryStatus;
  attempts: number;
  hurried: boolean;
  next_attempt_at: Date | null;
  expires_at: Date | null;
  endpoint_id: string;
  tenant_id: string;
  tenant: string;
  event: string;
  erased: boolean;
  recalled: boolean;
  retry: RetryPolicy | null;
  timeout_ms: number;
  gate: NextFacts['gate'];
  gate_reason: string | null;
  deleted: boolean;
  blocked: boolean;
}

/** Null: no such delivery. */
export async function readDeliveryFacts(db: Db, deliveryId: string): Promise<DeliveryFacts | null> {
  const { rows } = await db.query<Row>({
    // not prepared by name, so that the id selects the partition
    text: `
      select d.status, d.attempts, d.hurried, d.next_attempt_at, d.expires_at, d.endpoint_id, d.tenant_id, t.external_id as tenant, e.external_id as event,
        e.erased_at is not null as erased, e.recalled_at is not null as recalled, p.retry, p.timeout_ms, p.gate, p.gate_reason,
        p.deleted_at is not null as deleted, coalesce(l.state_reason = 'blocked_by_dead_letter', false) as blocked
      from deliveries d join tenants t on t.id = d.tenant_id join endpoints p on p.id = d.endpoint_id join events e on e.id = d.event_id
      left join lanes l on l.endpoint_id = p.id
      where d.id = $1`,
    values: [uuidOf(deliveryId)],
  });
  const [row] = rows;
  if (!row) return null;
  const { status, attempts, expires_at: expiresAt, retry, timeout_ms: timeoutMs, gate, gate_reason: gateReason } = row;
  return {
    ...{ status, attempts, expiresAt, retry, timeoutMs, gate, gateReason },
    ...{ isBlocked: row.blocked, endpointDeleted: row.deleted, eventErased: row.erased, eventRecalled: row.recalled },
    nextAttemptAt: (await nextAttemptsOf(db, rows))(row),
    tenant: { tenantId: idOf('tnt', row.tenant_id), key: row.tenant },
    event: row.event,
    endpointId: idOf('ep', row.endpoint_id),
  };
}
