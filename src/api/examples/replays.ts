// Examples of replay jobs for the OpenAPI document.
import type { NewReplay, ReplayView } from '#domain/replays/replay';
import { endpointId, etagExample, keyId, replayId, tenantId } from './ids.ts';

export const newReplayExample: NewReplay = {
  tenant: tenantId,
  endpoint: endpointId,
  status: ['dead_lettered'],
  types: ['order.*'],
  since: '2026-03-01T00:00:00Z',
  until: '2026-03-02T00:00:00Z',
  perSecond: 20,
};

export const replayExample: ReplayView = {
  id: replayId,
  etag: etagExample,
  status: 'running',
  tenant: tenantId,
  endpoint: endpointId,
  selection: {
    status: ['dead_lettered'],
    neverAttempted: false,
    types: ['order.*'],
    target: 'frozen',
    deliveries: null,
    since: '2026-03-01T00:00:00.000Z',
    until: '2026-03-02T00:00:00.000Z',
  },
  matched: 1_204,
  done: 312,
  succeeded: 290,
  failed: 4,
  deadLettered: 1,
  skipped: 0,
  waiting: 18,
  perSecond: 20,
  rate: 19.9,
  error: null,
  createdBy: keyId,
  createdAt: '2026-03-02T10:02:31.050Z',
  endedAt: null,
  estimatedEndAt: '2026-03-02T10:03:31.674Z',
  workflowId: `replay/${replayId}`,
  temporalUrl: null,
};
