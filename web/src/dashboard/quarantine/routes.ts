// The address of the quarantine.
import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '../../parts/lazy-page.ts';
import { root } from '../root.ts';
import { textIn } from '../search.ts';

const quarantine = createRoute({
  getParentRoute: () => root,
  path: 'quarantine',
  validateSearch: (search: Record<string, unknown>) => {
    const tenant = textIn(search, 'tenant');
    return { ...(tenant && { tenant }) };
  },
  component: lazyPage(() => import('./Quarantine.tsx'), 'Quarantine'),
});

export const quarantineRoutes = [quarantine];
