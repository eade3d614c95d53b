// The addresses of alerts.
import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '../../parts/lazy-page.ts';
import { root } from '../root.ts';

export const alertsRoute = createRoute({
  getParentRoute: () => root,
  path: 'alerts',
  component: lazyPage(() => import('./Alerts.tsx'), 'Alerts'),
});
