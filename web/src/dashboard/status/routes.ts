// The address of the status of the installation.
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { root } from '../root.ts';

export const statusRoutes = [
  createRoute({
    getParentRoute: () => root,
    path: 'status',
    component: lazyRouteComponent(() => import('./InstallationStatus.tsx'), 'InstallationStatus'),
  }),
];
