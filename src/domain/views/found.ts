// What a text may mean that a person typed or pasted: an id, a name, or a part of a host.
import { z } from 'zod';
import { isId } from '../ids.ts';

export const foundKinds = ['delivery', 'event', 'endpoint', 'tenant', 'event_type', 'replay', 'alert'] as const;
export const foundKind = z.enum(foundKinds);
export type FoundKind = z.infer<typeof foundKind>;

export const found = z.object({
  kind: foundKind,
  id: z.string().describe('id, or the name of an event type'),
  tenant: z.string().nullable().describe('its tenant; null: it belongs to none, or to all'),
  title: z.string().describe('what a person knows it by: the type of an event, the host of an endpoint, the name of a tenant'),
  status: z.string().nullable().describe('its status or state; null: it has none'),
});
export type Found = z.infer<typeof found>;

/** Which kinds are looked up for a text. The id of one thing is that of no other. */
export function kindsFor(text: string): FoundKind[] {
  if (isId('dlv', text) || isId('bat', text)) return ['delivery'];
  if (isId('ep', text)) return ['endpoint'];
  if (isId('rpl', text)) return ['replay'];
  if (isId('alr', text)) return ['alert'];
  return ['event', 'endpoint', 'tenant', 'event_type'];
}
