// The addresses of tenants.
import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '../../parts/lazy-page.ts';
import { root } from '../root.ts';

const list = createRoute({
  getParentRoute: () => root,
  path: 'tenants',
  component: lazyPage(() => import('./Tenants.tsx'), 'Tenants'),
});

const one = createRoute({
  getParentRoute: () => root,
  path: 'tenants/$tenant',
  component: lazyPage(() => import('./TenantPage.tsx'), 'TenantPage'),
});

export const tenantRoutes = [list, one];
