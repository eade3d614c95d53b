// The address of the status of the installation.
import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '../../parts/lazy-page.ts';
import { root } from '../root.ts';

export const statusRoutes = [
  createRoute({
    getParentRoute: () => root,
    path: 'status',
    component: lazyPage(() => import('./InstallationStatus.tsx'), 'InstallationStatus'),
  }),
];
