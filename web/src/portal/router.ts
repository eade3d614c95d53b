// All addresses of the portal, below the path that its link has. Each page is a chunk of its own.
import { createRoute, createRouter, redirect } from '@tanstack/react-router';
import { parseSearch, stringifySearch } from '../parts/search.ts';
import { deliveryRoutes } from './deliveries/routes.ts';
import { root } from './root.ts';
import { entries } from './shell/entries.ts';
import { Failed, NotFound } from './shell/Failed.tsx';
import { basePath } from './shell/link/address.ts';

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: entries[0]?.to ?? '/deliveries' });
  },
});

const routeTree = root.addChildren([home, ...deliveryRoutes]);

export const router = createRouter({
  routeTree,
  basepath: basePath,
  defaultPreload: 'intent',
  defaultNotFoundComponent: NotFound,
  defaultErrorComponent: Failed,
  scrollRestoration: true,
  parseSearch,
  stringifySearch,
});
