// An attempt as the delivery log exports it.
import type { DeliveryStatus } from '#domain/deliveries/delivery';
import { idOf } from '#domain/ids';

/** The place after which an export continues: a time to the microsecond, and the attempt's UUID. */
export interface AttemptPlace {
  at: string;
  id: string;
}

export interface ExportedAttempt {
  place: AttemptPlace;
  attempt: {
    attempt: string;
    startedAt: string;
    tenant: string;
    event: string;
    eventType: string;
    delivery: string;
    deliveryStatus: DeliveryStatus;
    endpoint: string;
    round: number;
    number: number;
    probe: boolean;
    outcome: string;
    message: string;
    status: number | null;
    address: string | null;
    totalMs: number;
  };
}

export interface ExportedRow {
  id: string;
  at: string;
  round: number;
  number: number;
  probe: boolean;
  outcome: string;
  message: string;
  status_code: number | null;
  address: string | null;
  total_ms: number;
  delivery_id: string;
  tenant: string;
  event: string;
  event_type: string;
  status: DeliveryStatus;
  endpoint_id: string;
}

/** Columns of the attempt `s`, its delivery `d`, tenant `t` and event `e`. */
export const attemptFields = `
  s.id, to_char(s.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, s.round, s.number, s.probe, s.outcome, s.message, s.status_code,
  s.address, s.total_ms, s.delivery_id, t.external_id as tenant, coalesce(e.external_id, d.event_id::text) as event, d.event_type, d.status, d.endpoint_id`;

/** Null: no such attempt, or its delivery was deleted. */
export function toExported(row: ExportedRow | { tenant: null }): ExportedAttempt | null {
  if (row.tenant === null) return null;
  const { at, tenant, event, round, number, probe, outcome, message, address } = row;
  return {
    place: { at, id: row.id.replaceAll('-', '') },
    attempt: {
      ...{ attempt: idOf('att', row.id), startedAt: at, tenant, event, eventType: row.event_type, delivery: idOf('dlv', row.delivery_id) },
      ...{ deliveryStatus: row.status, endpoint: idOf('ep', row.endpoint_id), round, number, probe, outcome, message },
      ...{ status: row.status_code, address, totalMs: row.total_ms },
    },
  };
}
