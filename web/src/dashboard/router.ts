// All addresses of the dashboard. Each page is a chunk of its own, read when it is first opened.
import { createRouter } from '@tanstack/react-router';
import { accessRoutes } from './access/routes.ts';
import { alertRoutes } from './alerts/routes.ts';
import { catalogueRoutes } from './catalogue/routes.ts';
import { channelRoutes } from './channels/routes.ts';
import { deadLetterRoutes } from './dead-letters/routes.ts';
import { deliveryRoutes } from './deliveries/routes.ts';
import { deliveryRoute } from './delivery/routes.ts';
import { endpointRoutes } from './endpoints/routes.ts';
import { eventRoute } from './event/routes.ts';
import { eventRoutes } from './events/routes.ts';
import { missedRoutes } from './missed/routes.ts';
import { overviewRoutes } from './overview/routes.ts';
import { quarantineRoutes } from './quarantine/routes.ts';
import { replayRoutes } from './replays/routes.ts';
import { root } from './root.ts';
import { onlyWhatWasRead, parseSearch, stringifySearch } from './search.ts';
import { Awaited } from './shell/Awaited.tsx';
import { Failed } from './shell/Failed.tsx';
import { NotFound } from './shell/NotFound.tsx';
import { statusRoutes } from './status/routes.ts';
import { tenantRoutes } from './tenants/routes.ts';
import { welcomeRoutes } from './welcome/routes.ts';

const routeTree = root.addChildren([
  ...overviewRoutes,
  ...deliveryRoutes,
  deliveryRoute,
  eventRoute,
  ...endpointRoutes,
  ...eventRoutes,
  ...deadLetterRoutes,
  ...replayRoutes,
  ...quarantineRoutes,
  ...missedRoutes,
  ...alertRoutes,
  ...catalogueRoutes,
  ...channelRoutes,
  ...statusRoutes,
  ...tenantRoutes,
  ...welcomeRoutes,
  ...accessRoutes,
]);

export const router = createRouter({
  routeTree: onlyWhatWasRead(routeTree),
  basepath: '/dashboard',
  defaultPreload: 'intent',
  defaultNotFoundComponent: NotFound,
  defaultErrorComponent: Failed,
  defaultPendingComponent: Awaited,
  scrollRestoration: true,
  parseSearch,
  stringifySearch,
});
