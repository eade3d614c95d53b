// Examples of export lines (newline-delimited JSON) for the OpenAPI document.
import { auditExample } from './access.ts';
import { attemptExample, deliveryExample } from './deliveries.ts';
import { cursorOf } from './ids.ts';

export const auditLineExample = line({ ...auditExample, cursor: cursorOf(String(auditExample.seq)) });

export const attemptLineExample = line({
  attempt: attemptExample.id,
  startedAt: '2026-03-02T09:15:00.473218Z',
  tenant: deliveryExample.tenant,
  event: deliveryExample.event,
  eventType: deliveryExample.eventType,
  delivery: deliveryExample.id,
  deliveryStatus: deliveryExample.status,
  endpoint: deliveryExample.endpoint,
  round: attemptExample.round,
  number: attemptExample.number,
  probe: attemptExample.probe,
  outcome: attemptExample.outcome,
  message: attemptExample.message,
  status: attemptExample.status,
  address: attemptExample.address,
  totalMs: attemptExample.timings.totalMs,
  cursor: cursorOf(`2026-03-02T09:15:00.473218Z/${attemptExample.id.slice('att_'.length)}`),
});

function line(record: object): string {
  return `${JSON.stringify(record)}\n`;
}
