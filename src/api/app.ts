// Builds the HTTP API as an Express app, once per process. The caller listens with it.
import express, { type Express } from 'express';
import { requireKey } from './access/auth.ts';
import { observeRequests } from './http/observe-requests.ts';
import { openapiRoute } from './http/openapi.ts';
import { notFound } from './http/problem.ts';
import { answerErrors } from './http/respond.ts';
import type { Route } from './http/route.ts';
import { setSecurityHeaders } from './http/security-headers.ts';
import { metricsRoute } from './metrics.ts';
import { mountRoutes, refuseOtherMethods } from './mount.ts';
import { apiKeyRoutes } from './routes/access/api-keys.ts';
import { auditLogRoutes } from './routes/access/audit-log.ts';
import { portalLinkRoutes } from './routes/access/portal-links.ts';
import { sessionRoutes, signInRoute } from './routes/access/sessions.ts';
import { signInRoutes } from './routes/access/sign-in.ts';
import { tenantRoutes } from './routes/access/tenants.ts';
import { alertRoutes } from './routes/alerts/alerts.ts';
import { alertChannelRoutes } from './routes/alerts/channels.ts';
import { asyncapiRoute, catalogueRoutes } from './routes/catalogue/catalogue.ts';
import { converterRoutes } from './routes/catalogue/converters.ts';
import { eventTypeRoutes } from './routes/catalogue/event-types.ts';
import { fixtureRoutes } from './routes/catalogue/fixtures.ts';
import { versionRoutes } from './routes/catalogue/versions.ts';
import { deliveryRoutes } from './routes/deliveries/deliveries.ts';
import { undeliveredRoute } from './routes/deliveries/undelivered.ts';
import type { ApiDeps } from './routes/deps.ts';
import { documentationRoutes } from './routes/documentation/documentation.ts';
import { simulateRoutes } from './routes/documentation/simulate.ts';
import { conformanceRoutes } from './routes/endpoints/conformance.ts';
import { endpointActionRoutes } from './routes/endpoints/endpoint-actions.ts';
import { endpointSearchRoutes } from './routes/endpoints/endpoint-search.ts';
import { endpointSecretRoutes } from './routes/endpoints/endpoint-secrets.ts';
import { endpointRoutes } from './routes/endpoints/endpoints.ts';
import { filterTestRoutes } from './routes/endpoints/filter-test.ts';
import { jwksRoutes } from './routes/endpoints/jwks.ts';
import { missedRoutes } from './routes/endpoints/missed.ts';
import { signingKeyRoutes } from './routes/endpoints/signing-keys.ts';
import { transformTestRoute } from './routes/endpoints/transform-test.ts';
import { verifyRoutes } from './routes/endpoints/verify.ts';
import { erasureRoutes } from './routes/events/erasure.ts';
import { eventReadRoutes } from './routes/events/event-reads.ts';
import { eventRoutes } from './routes/events/events.ts';
import { allEventsRoute } from './routes/events/events-of-all.ts';
import { explainRoutes } from './routes/events/explain.ts';
import { explainDeliveryRoute } from './routes/events/explain-delivery.ts';
import { recallRoutes } from './routes/events/recall.ts';
import { searchRoute } from './routes/events/search.ts';
import { healthRoutes, homeRoute } from './routes/health.ts';
import { endpointLaneRoutes } from './routes/lanes/endpoint-lane.ts';
import { queueRoutes } from './routes/lanes/queues.ts';
import { listenRoutes } from './routes/listen/listen.ts';
import { metaRoute } from './routes/meta.ts';
import { previewRoutes } from './routes/preview/preview.ts';
import { replayRoutes } from './routes/replays/replays.ts';
import { sandboxRoutes } from './routes/sandbox/sandboxes.ts';
import { statsRoutes } from './routes/stats/stats.ts';
import { streamRoute } from './routes/stats/stream.ts';
import { statusRoutes } from './routes/status/status.ts';

export type { ApiDeps } from './routes/deps.ts';

export function createApp(deps: ApiDeps): Express {
  const app = express();
  // paths must match exactly, so that the log redacts the same paths as the routes serve
  app.enable('case sensitive routing');
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', deps.access.trustProxy);
  setSecurityHeaders(app, deps.publicOrigin);
  app.use(observeRequests(deps));
  const { open, closed } = routesOf(deps);
  const closedPaths = new Set(closed.map(({ path }) => path));
  mountRoutes(app, open, deps);
  refuseOtherMethods(
    app,
    open.filter(({ path }) => !closedPaths.has(path)),
  );
  app.use('/v1', requireKey(deps.access));
  mountRoutes(app, closed, deps);
  refuseOtherMethods(app, [...open, ...closed]);
  deps.mount?.(app);
  app.use(() => {
    throw notFound('path');
  });
  app.use(answerErrors(deps.log));
  return app;
}

/** `open`: routes that need no key. `closed`: the routes under /v1 that need one. */
export function routesOf(deps: ApiDeps): { open: Route[]; closed: Route[] } {
  const open: Route[] = [
    ...healthRoutes(deps),
    metricsRoute(deps),
    metaRoute(deps),
    ...jwksRoutes(deps),
    ...signInRoutes(deps),
    signInRoute(deps),
    asyncapiRoute(deps),
    openapiRoute(deps.publicOrigin, () => [...closed, ...open]),
    ...homeRoute(deps),
  ];
  // busiest first: Express tries routes in order
  const closed = [
    ...eventRoutes(deps),
    ...eventReadRoutes(deps),
    allEventsRoute(deps),
    ...auditLogRoutes(deps),
    ...deliveryRoutes(deps),
    undeliveredRoute(deps),
    ...endpointSearchRoutes(deps),
    ...endpointRoutes(deps),
    ...previewRoutes(deps),
    ...endpointActionRoutes(deps),
    ...endpointSecretRoutes(deps),
    ...verifyRoutes(deps),
    ...conformanceRoutes(deps),
    ...listenRoutes(deps),
    ...filterTestRoutes(),
    ...endpointLaneRoutes(deps),
    ...queueRoutes(deps),
    ...tenantRoutes(deps),
    ...erasureRoutes(deps),
    ...explainRoutes(deps),
    explainDeliveryRoute(deps),
    ...recallRoutes(deps),
    ...missedRoutes(deps),
    transformTestRoute(deps),
    ...documentationRoutes(deps),
    ...simulateRoutes(deps),
    ...apiKeyRoutes(deps),
    ...portalLinkRoutes(deps),
    ...sessionRoutes(deps),
    ...signingKeyRoutes(deps),
    ...alertRoutes(deps),
    ...alertChannelRoutes(deps),
    ...statsRoutes(deps),
    streamRoute(deps),
    searchRoute(deps),
    ...replayRoutes(deps),
    ...sandboxRoutes(deps),
    ...eventTypeRoutes(deps),
    ...versionRoutes(deps),
    ...converterRoutes(deps),
    ...fixtureRoutes(deps),
    ...catalogueRoutes(deps),
    ...statusRoutes(deps),
  ];
  return { open, closed };
}
