// The addresses of tenants.
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { root } from '../root.ts';

const list = createRoute({
  getParentRoute: () => root,
  path: 'tenants',
  component: lazyRouteComponent(() => import('./Tenants.tsx'), 'Tenants'),
});

const one = createRoute({
  getParentRoute: () => root,
  path: 'tenants/$tenant',
  component: lazyRouteComponent(() => import('./TenantPage.tsx'), 'TenantPage'),
});

export const tenantRoutes = [list, one];
