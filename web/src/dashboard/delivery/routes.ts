// The address of one delivery.
import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '../../parts/lazy-page.ts';
import { root } from '../root.ts';
import { textIn } from '../search.ts';

export const deliveryRoute = createRoute({
  getParentRoute: () => root,
  path: 'deliveries/$delivery',
  /** `attempt`: the one that is open; `none`: all are closed. */
  validateSearch: (search: Record<string, unknown>) => {
    const attempt = textIn(search, 'attempt');
    return { ...(attempt && { attempt }) };
  },
  component: lazyPage(() => import('./DeliveryPage.tsx'), 'DeliveryPage'),
});
