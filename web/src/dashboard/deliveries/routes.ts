// The addresses of deliveries.
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { root } from '../root.ts';
import { choicesIn, textIn } from '../search.ts';

export const statuses = ['pending', 'retrying', 'held', 'succeeded', 'dead_lettered', 'quarantined', 'cancelled', 'expired'] as const;

export const deliveriesRoute = createRoute({
  getParentRoute: () => root,
  path: 'deliveries',
  validateSearch: (search: Record<string, unknown>) => {
    const [status, type, endpoint] = [choicesIn(search, 'status', statuses), textIn(search, 'type'), textIn(search, 'endpoint')];
    return { ...(status.length > 0 && { status }), ...(type && { type }), ...(endpoint && { endpoint }) };
  },
  component: lazyRouteComponent(() => import('./Deliveries.tsx'), 'Deliveries'),
});

export const deliveryRoutes = [deliveriesRoute];
