// All addresses of the portal, below the path that its link has. Each page is a chunk of its own.
import { createRoute, createRouter } from '@tanstack/react-router';
import { onlyWhatWasRead, parseSearch, stringifySearch } from '../parts/search.ts';
import { alertsRoute } from './alerts/routes.ts';
import { catalogueRoutes } from './catalogue/routes.ts';
import { conformanceRoute } from './conformance/routes.ts';
import { deliveryRoutes } from './deliveries/routes.ts';
import { endpointRoutes } from './endpoints/routes.ts';
import { healthRoute } from './health/routes.ts';
import { helpRoute } from './help/routes.ts';
import { missedRoute } from './missed/routes.ts';
import { root } from './root.ts';
import { Failed, NotFound } from './shell/Failed.tsx';
import { Home } from './shell/Home.tsx';
import { basePath } from './shell/link/address.ts';

const home = createRoute({ getParentRoute: () => root, path: '/', component: Home });

const routeTree = root.addChildren([
  home,
  ...endpointRoutes,
  conformanceRoute,
  ...catalogueRoutes,
  alertsRoute,
  helpRoute,
  ...deliveryRoutes,
  missedRoute,
  healthRoute,
]);

export const router = createRouter({
  routeTree: onlyWhatWasRead(routeTree),
  basepath: basePath,
  defaultPreload: 'intent',
  defaultNotFoundComponent: NotFound,
  defaultErrorComponent: Failed,
  scrollRestoration: true,
  parseSearch,
  stringifySearch,
});
