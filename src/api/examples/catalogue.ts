// Examples of the catalogue of event types for the OpenAPI document.
import type { z } from 'zod';
import type { eventTypeChange, newEventType, newVersion, TypeView, VersionView } from '#domain/catalogue/event-type';
import type { CataloguePlan } from '#domain/documents/plan-catalogue';
import type { Compatibility } from '#domain/schemas/schema-change';
import { etagExample } from './ids.ts';

const schema = {
  type: 'object',
  properties: {
    orderId: { type: 'string' },
    total: { type: 'number', minimum: 0, description: 'The total in the currency of the order.' },
    currency: { enum: ['EUR', 'USD'] },
  },
  required: ['orderId', 'total', 'currency'],
};
const examples = [{ orderId: '1001', total: 99.9, currency: 'EUR' }];
const createdAt = '2026-02-20T16:46:02.114Z';

export const newEventTypeExample: z.input<typeof newEventType> = {
  name: 'order.created',
  description: 'A customer placed an order.',
  group: 'Orders',
  owner: 'team-orders',
  tags: ['billing'],
  validation: 'reject',
  schema,
  examples,
};

export const eventTypeSummaryExample = {
  name: 'order.created',
  etag: etagExample,
  description: 'A customer placed an order.',
  group: 'Orders',
  owner: 'team-orders',
  tags: ['billing'],
  visibility: 'public' as const,
  validation: 'reject' as const,
  deprecatedAt: null,
  sunsetAt: null,
  state: 'active' as const,
  versions: [1],
  currentVersion: 1,
  createdAt,
  updatedAt: createdAt,
};

export const eventTypeExample: TypeView = { ...eventTypeSummaryExample, schema, examples };

export const eventTypeChangeExample: z.input<typeof eventTypeChange> = {
  deprecatedAt: '2026-06-01T00:00:00Z',
  sunsetAt: '2026-12-01T00:00:00Z',
};

export const changedEventTypeExample: TypeView = {
  ...eventTypeExample,
  deprecatedAt: '2026-06-01T00:00:00.000Z',
  sunsetAt: '2026-12-01T00:00:00.000Z',
};

const secondSchema = {
  ...schema,
  required: [...schema.required, 'customer'],
  properties: { ...schema.properties, customer: { type: 'string' } },
};
const secondExamples = [{ ...examples[0], customer: 'c-7' }];

export const newVersionExample: z.input<typeof newVersion> = { version: 2, schema: secondSchema, examples: secondExamples };

export const versionExample: VersionView = { version: 1, schema, examples, createdAt, updatedAt: createdAt };

const compatibility: Compatibility = {
  compatible: false,
  changes: [
    { path: 'data/customer', kind: 'new_required', message: 'is required now', breaks: ['producers'] },
    { path: 'data/customer', kind: 'field_added', message: 'was added', breaks: [] },
  ],
};

export const versionChangesExample = { comparedWith: 1, compatibility };

export const putVersionExample = {
  version: 2,
  schema: secondSchema,
  examples: secondExamples,
  createdAt: '2026-03-02T09:15:00.000Z',
  updatedAt: '2026-03-02T09:15:00.000Z',
  comparedWith: 1,
  compatibility,
  touches: { endpoints: 1, first: [{ endpoint: 'ep_019c81d4a6f07b3e8c5da90f12e4b763', tenant: 'acme' }], filters: [] },
};

export const comparisonExample = {
  action: 'add' as const,
  version: 2,
  comparedWith: 1,
  compatibility,
  touches: putVersionExample.touches,
};

const settings = { description: 'A customer placed an order.', group: 'Orders', owner: 'team-orders', tags: ['billing'] };

export const exportExample = { posthorn: 1, eventTypes: { 'order.created': { ...settings, versions: { '1': { schema, examples } } } } };

export const applyExample = { document: exportExample, dryRun: true };

export const planExample: CataloguePlan = {
  format: 'posthorn',
  applied: false,
  summary: { create: 1, change: 0, keep: 0, delete: 0, refuse: 0 },
  steps: [
    {
      eventType: 'order.created',
      action: 'create',
      fields: ['description', 'group', 'owner', 'tags'],
      versions: [{ version: 1, action: 'add', comparedWith: null, compatibility: null }],
      converters: [],
      endpoints: null,
      filters: null,
    },
  ],
};
