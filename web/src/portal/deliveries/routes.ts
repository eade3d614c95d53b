// The addresses of deliveries.
import { createRoute } from '@tanstack/react-router';
import { timeSpanIn } from '../../parts/filters/time-span.ts';
import { lazyPage } from '../../parts/lazy-page.ts';
import { choicesIn, textIn } from '../../parts/search.ts';
import { root } from '../root.ts';

const statuses = ['pending', 'retrying', 'held', 'succeeded', 'dead_lettered', 'quarantined', 'cancelled', 'expired'] as const;

const list = createRoute({
  getParentRoute: () => root,
  path: 'deliveries',
  validateSearch: (search: Record<string, unknown>) => {
    const text = (name: string) => textIn(search, name);
    const [status, type, endpoint, event] = [choicesIn(search, 'status', statuses), text('type'), text('endpoint'), text('event')];
    return {
      ...(status.length > 0 && { status }),
      ...(type && { type }),
      ...(endpoint && { endpoint }),
      ...(event && { event }),
      ...timeSpanIn({ within: text('within'), since: text('since'), until: text('until') }),
    };
  },
  component: lazyPage(() => import('./Deliveries.tsx'), 'Deliveries'),
});

const one = createRoute({
  getParentRoute: () => root,
  path: 'deliveries/$delivery',
  component: lazyPage(() => import('./DeliveryPage.tsx'), 'DeliveryPage'),
});

export const deliveryRoutes = [list, one];
