// GET /metrics, which needs no key, and the small HTTP app of a process that has no API.
import express, { type Express } from 'express';
import type { IdempotencyDeps } from './access/idempotency.ts';
import { type Observation, observeRequests } from './http/observe-requests.ts';
import { notFound } from './http/problem.ts';
import { answerErrors } from './http/respond.ts';
import { type Route, route } from './http/route.ts';
import { setSecurityHeaders } from './http/security-headers.ts';
import { mountRoutes } from './mount.ts';
import type { ApiDeps } from './routes/deps.ts';
import { aliveRoute, type ReadinessDeps, workerReadyRoute } from './routes/health.ts';

const metricsExample = `# HELP posthorn_outbox_events Accepted events that wait in the outbox.
# TYPE posthorn_outbox_events gauge
posthorn_outbox_events 0
`;

type MetricsDeps = Pick<ApiDeps, 'metrics'>;

export function metricsRoute({ metrics }: MetricsDeps): Route {
  return route({
    method: 'get',
    path: '/metrics',
    operationId: 'getMetrics',
    summary: 'Read the metrics of this process',
    description:
      'Metrics in the Prometheus text format. No label names a tenant or an event type. Only the 20 endpoints with the most held deliveries are named, by their ids. No API key is needed.',
    scope: 'open',
    answers: { 200: { description: 'The metrics.', types: ['text/plain'], example: metricsExample } },
    async handler({ accept }) {
      const { type, text } = await metrics(accept);
      return { status: 200, text, type };
    },
  });
}

/** Serves only /metrics, /healthz and /readyz. */
export function createMetricsApp(deps: MetricsDeps & ReadinessDeps & IdempotencyDeps & Observation): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  setSecurityHeaders(app);
  app.use(observeRequests(deps));
  mountRoutes(app, [aliveRoute(), workerReadyRoute(deps), metricsRoute(deps)], deps);
  app.use(() => {
    throw notFound('path');
  });
  app.use(answerErrors(deps.log));
  return app;
}
