// The address of missed events.
import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '../../parts/lazy-page.ts';
import { textIn } from '../../parts/search.ts';
import { root } from '../root.ts';

export const missedRoute = createRoute({
  getParentRoute: () => root,
  path: 'missed',
  validateSearch: (search: Record<string, unknown>) => {
    const endpoint = textIn(search, 'endpoint');
    return { ...(endpoint && { endpoint }) };
  },
  component: lazyPage(() => import('./Missed.tsx'), 'Missed'),
});
