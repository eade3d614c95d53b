// Example of statistics for the OpenAPI document.
import type { Figures, StatsView } from '#domain/stats/stats';
import type { WorstEndpoint } from '#domain/stats/worst-endpoints';
import { endpointId, tenantId } from './ids.ts';

const hour: Figures = {
  accepted: 40,
  delivered: 39,
  failed: 2,
  successRate: 39 / 41,
  latencyMs: { p50: 46, p95: 180, p99: 5_248 },
  outcomes: { accepted: 39, http_status: 1, timeout: 1 },
  statusCodes: { 200: 39, 503: 1 },
};

export const endpointStatsExample: StatsView = {
  totals: { ...hour, held: 1, deadLettered: 0, oldestWaitingMs: 4_210 },
  series: [{ at: '2026-03-02T09:00:00.000Z', ...hour }],
};

export const statsExample: StatsView = {
  totals: { events: 20, ...hour, held: 1, deadLettered: 0, oldestWaitingMs: 4_210 },
  series: [{ at: '2026-03-02T09:00:00.000Z', events: 20, ...hour, held: 3 }],
};

export const worstEndpointExample: WorstEndpoint = {
  endpoint: endpointId,
  tenant: tenantId,
  url: 'https://hooks.example.com/orders',
  description: 'Order events for the warehouse',
  gate: 'open',
  accepted: 400,
  delivered: 164,
  failed: 236,
  successRate: 0.41,
  latencyMs: { p50: 46, p95: 8_192, p99: 15_104 },
  held: 402,
  deadLettered: 3,
  oldestWaitingMs: 364_210,
};
