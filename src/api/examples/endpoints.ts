// Examples of endpoints and their lanes for the OpenAPI document.
import type { z } from 'zod';
import type { createdEndpoint, Endpoint, endpointChange, newEndpoint, rotatedSecret } from '#domain/endpoints/endpoint';
import type { EndpointSummary } from '#domain/views/endpoint-summary';
import type { LaneView, QueueView, sequenceView } from '#domain/views/lane-view';
import { deliveryId, endpointId, etagExample, tenantId } from './ids.ts';

export const newEndpointExample: z.input<typeof newEndpoint> = {
  url: 'https://hooks.example.com/orders',
  eventTypes: ['order.*'],
  description: 'Order events for the warehouse',
};

export const endpointChangeExample: z.input<typeof endpointChange> = { eventTypes: ['order.*', 'invoice.paid'], maxInFlight: 4 };

export const endpointExample: Endpoint = {
  id: endpointId,
  etag: etagExample,
  tenant: tenantId,
  url: 'https://hooks.example.com/orders',
  eventTypes: ['order.*'],
  channels: [],
  filter: null,
  description: 'Order events for the warehouse',
  headers: {},
  format: 'standard',
  transform: null,
  versions: null,
  signing: null,
  publicKeys: null,
  auth: null,
  tls: null,
  verification: { method: 'none', state: 'none', verifiedAt: null, lastError: null },
  maxInFlight: null,
  retry: null,
  timeoutMs: 15_000,
  metadata: {},
  rateLimit: null,
  ordering: 'none',
  onDeadLetter: 'skip',
  batch: null,
  coalesceMs: null,
  autoRecover: true,
  gate: 'open',
  gateReason: null,
  notBefore: null,
  createdAt: '2026-02-22T04:58:13.104Z',
  updatedAt: '2026-02-22T04:58:13.104Z',
};

const secret = 'whsec_bm90IGEgc2VjcmV0LCBqdXN0IGFuIGV4YW1wbGU=';

export const createdEndpointExample: z.infer<typeof createdEndpoint> = { ...endpointExample, secret };

/** A page of a list. */
export const endpointsExample = { data: [endpointExample], nextCursor: null };

const summary: EndpointSummary = {
  ...endpointExample,
  condition: 'failing',
  figures: { delivered: 1_204, failed: 402, successRate: 0.7497, held: 42, deadLettered: 3, oldestWaitingMs: 61_000 },
};

/** A page of the list over all tenants. */
export const endpointSummariesExample = { data: [summary], nextCursor: null };

export const changedEndpointExample: Endpoint = {
  ...endpointExample,
  eventTypes: ['order.*', 'invoice.paid'],
  maxInFlight: 4,
  updatedAt: '2026-03-02T10:02:31.050Z',
};

export const pausedEndpointExample: Endpoint = { ...endpointExample, gate: 'held', updatedAt: '2026-03-02T10:02:31.050Z' };

export const verifyingEndpointExample: Endpoint = {
  ...endpointExample,
  verification: { method: 'echo', state: 'pending', verifiedAt: null, lastError: null },
  gate: 'held',
  gateReason: 'unverified',
};

export const rotatedSecretExample: z.infer<typeof rotatedSecret> = {
  endpoint: endpointId,
  secret,
  othersEndAt: '2026-03-03T10:02:31.050Z',
};

export const signingSecretsExample = {
  data: [
    { id: 'sec_019cac1d2f6a7c3e8b05d94f7a61c2e8', validFrom: '2026-03-02T10:02:31.050Z', endsAt: null },
    { id: 'sec_019c81d4a6f07f62a90e4c7bd3158f2a', validFrom: '2026-02-22T04:58:13.104Z', endsAt: '2026-03-03T10:02:31.050Z' },
  ],
};

export const laneExample: LaneView = {
  endpoint: endpointId,
  state: 'awake',
  reasons: ['rate_limit'],
  waitingFor: 'rate',
  message: 'The rate limit of the endpoint or its tenant is used up for the moment.',
  advice: null,
  held: 42,
  heldIsMore: false,
  oldestHeldAt: '2026-03-02T09:15:00.224Z',
  oldestHeldAgeMs: 3_180,
  rateLimit: { perSecond: 10 },
  tenantRateLimit: null,
  allowance: 2,
  circuit: { state: 'closed', probeAt: null, refusedProbes: 0 },
  dueAt: null,
  failingSince: null,
  workflowId: `lane/${endpointId}`,
  temporalUrl: null,
};

export const sequenceExample: z.infer<typeof sequenceView> = {
  endpoint: endpointId,
  orderingKey: null,
  lastSent: 1_042,
  lastAccepted: 1_041,
  gaps: [1_017],
  nextOffered: 1_042,
};

export const queuesExample: { data: QueueView[]; nextAfter: string | null } = {
  data: [
    {
      orderingKey: 'customer-42',
      held: 12,
      heldIsMore: false,
      head: { delivery: deliveryId, status: 'held', attempts: 2, sequence: 1_042, nextAttemptAt: '2026-03-02T09:20:07.000Z' },
      blockedBy: null,
    },
  ],
  nextAfter: null,
};

export const previewExample = {
  effects: [
    {
      path: 'eventTypes',
      effect: 'The endpoint gets events of these types only, from now on. Deliveries that exist already are not affected.',
      caution: false,
    },
    {
      path: 'maxInFlight',
      effect: 'At most 4 requests are in flight at once. Deliveries over that wait in the lane.',
      caution: false,
    },
  ],
  problems: [],
  sample: { events: 500, since: '2026-03-02T08:11:40.310Z', before: 340, after: 352 },
  unfinished: 42,
  unfinishedIsMore: false,
};
