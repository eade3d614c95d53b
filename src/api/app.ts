// The HTTP API as an Express app. It never listens: whoever makes it does.
import express, { type Express } from 'express';
import { apiKeyRoutes } from './api-keys.ts';
import { auditLogRoutes } from './audit-log.ts';
import { requireKey } from './auth.ts';
import { deliveryRoutes } from './deliveries.ts';
import type { ApiDeps } from './deps.ts';
import { endpointActionRoutes } from './endpoint-actions.ts';
import { endpointLaneRoutes } from './endpoint-lane.ts';
import { endpointRoutes } from './endpoints.ts';
import { erasureRoutes } from './erasure.ts';
import { eventReadRoutes } from './event-reads.ts';
import { eventRoutes } from './events.ts';
import { healthRoutes, homeRoute } from './health.ts';
import { jwksRoutes } from './jwks.ts';
import { metaRoute } from './meta.ts';
import { metricsRoute } from './metrics.ts';
import { mountRoutes } from './mount.ts';
import { openapiRoute } from './openapi.ts';
import { portalLinkRoutes } from './portal-links.ts';
import { notFound } from './problem.ts';
import { answerErrors, nameRequests } from './respond.ts';
import type { Route } from './route.ts';
import { setSecurityHeaders } from './security-headers.ts';
import { signingKeyRoutes } from './signing-keys.ts';
import { statusRoutes } from './status.ts';
import { tenantRoutes } from './tenants.ts';
import { verifyRoutes } from './verify.ts';

export type { ApiDeps } from './deps.ts';

export function createApp(deps: ApiDeps): Express {
  const app = express();
  // what reads paths, as the log does, sees them as the routes do
  app.enable('case sensitive routing');
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', deps.access.trustProxy);
  setSecurityHeaders(app, deps.publicOrigin);
  app.use(nameRequests(deps.log));
  const open: Route[] = [
    ...healthRoutes(deps),
    metricsRoute(deps),
    metaRoute(deps),
    ...jwksRoutes(deps),
    openapiRoute(deps.publicOrigin, () => [...closed, ...open]),
    ...homeRoute(deps),
  ];
  // the busiest first: Express tries them in order
  const closed = [
    ...eventRoutes(deps),
    ...eventReadRoutes(deps),
    ...auditLogRoutes(deps),
    ...deliveryRoutes(deps),
    ...endpointRoutes(deps),
    ...endpointActionRoutes(deps),
    ...verifyRoutes(deps),
    ...endpointLaneRoutes(deps),
    ...tenantRoutes(deps),
    ...erasureRoutes(deps),
    ...apiKeyRoutes(deps),
    ...portalLinkRoutes(deps),
    ...signingKeyRoutes(deps),
    ...statusRoutes(deps),
  ];
  mountRoutes(app, open, deps);
  app.use('/v1', requireKey(deps.access));
  mountRoutes(app, closed, deps);
  deps.mount?.(app);
  app.use(() => {
    throw notFound('path');
  });
  app.use(answerErrors(deps.log));
  return app;
}
