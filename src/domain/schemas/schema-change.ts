// What a change between two versions of a schema is, and whom it breaks.
import { z } from 'zod';

const changeKinds = [
  'schema_added',
  'schema_removed',
  'field_added',
  'field_removed',
  'new_required',
  'no_longer_required',
  'type_narrowed',
  'type_widened',
  'enum_narrowed',
  'enum_widened',
  'limit_narrowed',
  'limit_widened',
  'closed',
  'opened',
  'undecided',
] as const;

export const schemaChange = z.object({
  path: z.string().describe('the part of the event, such as `data/items/*/sku`; `*`: each item or member'),
  kind: z.enum(changeKinds),
  message: z.string(),
  breaks: z
    .array(z.enum(['producers', 'consumers']))
    .describe(
      '`producers`: events that were valid before are refused now; `consumers`: a receiver may meet data that could not occur before, or miss data that it relied on. Empty: compatible',
    ),
});
export type SchemaChange = z.infer<typeof schemaChange>;

export const compatibility = z.object({
  compatible: z.boolean().describe('whether no change breaks anybody'),
  changes: z.array(schemaChange).describe('what changed, at most 200; empty: nothing that matters for validation'),
});
export type Compatibility = z.infer<typeof compatibility>;

const mostChanges = 200;

export function compatibilityOf(changes: readonly SchemaChange[]): Compatibility {
  const compatible = changes.every(({ breaks }) => breaks.length === 0);
  // those that break come first, so that none of them is cut off by others
  const sorted = changes.toSorted((a, b) => b.breaks.length - a.breaks.length);
  return { compatible, changes: sorted.slice(0, mostChanges) };
}

type Kind = SchemaChange['kind'];
type Broken = SchemaChange['breaks'];

const breaksBy: Record<Kind, Broken> = {
  schema_added: [],
  schema_removed: ['consumers'],
  field_added: [],
  field_removed: ['consumers'],
  new_required: ['producers'],
  no_longer_required: ['consumers'],
  type_narrowed: ['producers'],
  type_widened: ['consumers'],
  enum_narrowed: ['producers'],
  enum_widened: [],
  limit_narrowed: ['producers'],
  limit_widened: [],
  closed: ['producers'],
  opened: [],
  undecided: ['producers', 'consumers'],
};

export function changeOf(path: string, kind: Kind, message: string): SchemaChange {
  return { path, kind, message, breaks: breaksBy[kind] };
}
