// The addresses of deliveries.
import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '../../parts/lazy-page.ts';
import { choicesIn, textIn } from '../../parts/search.ts';
import { root } from '../root.ts';

const statuses = ['pending', 'retrying', 'held', 'succeeded', 'dead_lettered', 'quarantined', 'cancelled', 'expired'] as const;

const list = createRoute({
  getParentRoute: () => root,
  path: 'deliveries',
  validateSearch: (search: Record<string, unknown>) => {
    const [status, type, endpoint] = [choicesIn(search, 'status', statuses), textIn(search, 'type'), textIn(search, 'endpoint')];
    return { ...(status.length > 0 && { status }), ...(type && { type }), ...(endpoint && { endpoint }) };
  },
  component: lazyPage(() => import('./Deliveries.tsx'), 'Deliveries'),
});

const one = createRoute({
  getParentRoute: () => root,
  path: 'deliveries/$delivery',
  component: lazyPage(() => import('./DeliveryPage.tsx'), 'DeliveryPage'),
});

export const deliveryRoutes = [list, one];
