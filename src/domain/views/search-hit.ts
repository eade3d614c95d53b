// What a search finds: things of any kind, by id, name or host.
import { z } from 'zod';
import { deliveryStatus } from '../deliveries/delivery.ts';

export const hitKinds = ['delivery', 'event', 'endpoint', 'tenant', 'event_type'] as const;
export const hitKind = z.enum(hitKinds);
export type HitKind = (typeof hitKinds)[number];

export const searchHit = z.object({
  kind: hitKind,
  id: z.string().describe('id of the delivery, event, endpoint or tenant; name of the event type'),
  tenant: z.string().nullable().describe('the tenant it belongs to; null: an event type, or the tenant itself'),
  title: z.string().describe('event type of a delivery or event, host of an endpoint, name of a tenant or of an event type'),
  detail: z.string().describe('host of a delivery, description of an endpoint or event type; empty: there is none'),
  status: deliveryStatus.nullable().describe('of a delivery; null: of anything else'),
  at: z.iso.datetime().describe('when it was created or accepted'),
});
export type SearchHit = z.infer<typeof searchHit>;

const idPattern = /^(?:delivery\/|lane\/)?((?:dlv|ep|evt)_[0-9a-f]{32})$/;

/** The id in a text that somebody pasted: also in the name of a workflow (`delivery/dlv_…`, `lane/ep_…`). Else the text itself. */
export function pastedId(text: string): string {
  const trimmed = text.trim();
  return idPattern.exec(trimmed)?.[1] ?? trimmed;
}
