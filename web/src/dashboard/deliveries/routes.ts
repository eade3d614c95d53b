// The address of the list of deliveries.
import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '../../parts/lazy-page.ts';
import { root } from '../root.ts';
import { deliveriesSearchIn } from './search.ts';

const deliveries = createRoute({
  getParentRoute: () => root,
  path: 'deliveries',
  validateSearch: deliveriesSearchIn,
  component: lazyPage(() => import('./Deliveries.tsx'), 'Deliveries'),
});

export const deliveryRoutes = [deliveries];
