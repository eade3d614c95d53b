// Examples of alerts and alert channels for the OpenAPI document.
import type { z } from 'zod';
import type { AlertView } from '#domain/alerts/alert';
import type { ChannelView, channelChange, NewChannel } from '#domain/alerts/channel';
import { endpointId, etagExample, tenantId } from './ids.ts';

export const alertExample: AlertView = {
  id: 'alr_019cab6f10b87e24b7c05d92a1f3e846',
  kind: 'deliveries.dead_lettered',
  severity: 'warning',
  state: 'open',
  tenant: tenantId,
  endpoint: endpointId,
  title: '3 dead letters for Orders to the warehouse (hooks.acme.example)',
  detail:
    '3 deliveries were given up in the last hour, after all their retries. The last answer: HTTP 503 from hooks.acme.example, 41 ms. Repair the receiver, then replay them.',
  facts: {
    host: 'hooks.acme.example',
    description: 'Orders to the warehouse',
    message: 'HTTP 503 from hooks.acme.example, 41 ms',
    outcome: 'http_status',
    status: 503,
  },
  count: 3,
  openedAt: '2026-03-02T10:02:40.118Z',
  closedAt: null,
  acknowledgedAt: null,
};

export const acknowledgedAlertExample: AlertView = { ...alertExample, state: 'acknowledged', acknowledgedAt: '2026-03-02T10:04:12.530Z' };

export const newChannelExample: NewChannel = {
  tenant: tenantId,
  kind: 'email',
  settings: { to: ['oncall@acme.example'] },
  kinds: ['endpoint.disabling', 'endpoint.disabled', 'deliveries.dead_lettered'],
  digest: { at: '08:00' },
};

export const channelExample: ChannelView = {
  id: 'ach_019cab6d77c07b1f8d40a9e3c52b6f11',
  etag: etagExample,
  tenant: tenantId,
  kind: 'email',
  settings: { to: ['oncall@acme.example'] },
  kinds: ['endpoint.disabling', 'endpoint.disabled', 'deliveries.dead_lettered'],
  minSeverity: 'info',
  quietPeriod: '15m',
  digest: { at: '08:00', only: false },
  lastSentAt: null,
  lastError: null,
  createdAt: '2026-03-02T09:58:20.992Z',
  updatedAt: '2026-03-02T09:58:20.992Z',
};

export const channelChangeExample: z.input<typeof channelChange> = { minSeverity: 'warning', quietPeriod: '1h' };
export const changedChannelExample: ChannelView = { ...channelExample, minSeverity: 'warning', quietPeriod: '1h' };
export const channelTestExample = { answer: '250 2.0.0 Ok: queued as 4Z8Xw1', tookMs: 87 };
