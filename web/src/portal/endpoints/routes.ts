// The addresses of endpoints.
import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '../../parts/lazy-page.ts';
import { textIn } from '../../parts/search.ts';
import { root } from '../root.ts';

const endpointsRoute = createRoute({
  getParentRoute: () => root,
  path: 'endpoints',
  validateSearch: (search: Record<string, unknown>): { search?: string } => {
    const text = textIn(search, 'search');
    return { ...(text && { search: text }) };
  },
  component: lazyPage(() => import('./Endpoints.tsx'), 'Endpoints'),
});

const newEndpointRoute = createRoute({
  getParentRoute: () => root,
  path: 'endpoints/new',
  component: lazyPage(() => import('./NewEndpoint.tsx'), 'NewEndpoint'),
});

const endpointRoute = createRoute({
  getParentRoute: () => root,
  path: 'endpoints/$endpoint',
  component: lazyPage(() => import('./Endpoint.tsx'), 'Endpoint'),
});

const editEndpointRoute = createRoute({
  getParentRoute: () => root,
  path: 'endpoints/$endpoint/edit',
  component: lazyPage(() => import('./EditEndpoint.tsx'), 'EditEndpoint'),
});

export const endpointRoutes = [endpointsRoute, newEndpointRoute, endpointRoute, editEndpointRoute];
