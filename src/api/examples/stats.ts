// Example of statistics for the OpenAPI document.
import type { Figures, StatsView } from '#domain/stats/stats';

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
  series: [{ at: '2026-03-02T09:00:00.000Z', events: 20, ...hour }],
};
