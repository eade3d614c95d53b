// The address of missed events.
import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '../../parts/lazy-page.ts';
import { root } from '../root.ts';
import { textIn } from '../search.ts';

const missed = createRoute({
  getParentRoute: () => root,
  path: 'missed',
  validateSearch: (search: Record<string, unknown>): { tenant?: string; endpoint?: string } => {
    const [tenant, endpoint] = [textIn(search, 'tenant'), textIn(search, 'endpoint')];
    return { ...(tenant && { tenant }), ...(endpoint && { endpoint }) };
  },
  component: lazyPage(() => import('./Missed.tsx'), 'Missed'),
});

export const missedRoutes = [missed];
