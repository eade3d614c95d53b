// What every list and the live stream show of a delivery, made of its row.
import { answeredStatus } from '#domain/deliveries/answered-status';
import type { DeliveryStatus } from '#domain/deliveries/delivery';
import { idOf } from '#domain/ids';
import type { ChangedDelivery } from '#domain/views/stream-view';

export interface ListedRow {
  id: string;
  event_id: string;
  event_type: string;
  tenant: string;
  endpoint_id: string;
  host: string | null;
  status: DeliveryStatus;
  round: number;
  attempts: number;
  next_attempt_at: Date | null;
  last_outcome: string | null;
  last_message: string | null;
  created_at: Date;
  updated_at: Date;
}

/** `event`: the id that the producer gave it; null: the event is gone, or has none. */
export function toListed(row: ListedRow, event: string | null): ChangedDelivery {
  return {
    id: idOf('dlv', row.id),
    event: event ?? idOf('evt', row.event_id),
    eventType: row.event_type,
    tenant: row.tenant,
    endpoint: idOf('ep', row.endpoint_id),
    host: row.host ?? '',
    status: row.status,
    round: row.round,
    attempts: row.attempts,
    nextAttemptAt: row.next_attempt_at?.toISOString() ?? null,
    lastOutcome: row.last_outcome,
    lastMessage: row.last_message,
    lastStatus: answeredStatus(row.last_message),
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}
