// The address of the overview.
import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '../../parts/lazy-page.ts';
import { root } from '../root.ts';
import { choicesIn, textIn } from '../search.ts';

const overviewRoute = createRoute({
  getParentRoute: () => root,
  path: '/',
  validateSearch: (search: Record<string, unknown>) => {
    const [window] = choicesIn(search, 'window', ['1h', '24h', '7d', '30d'] as const);
    const tenant = textIn(search, 'tenant');
    return { ...(window && { window }), ...(tenant && { tenant }) };
  },
  component: lazyPage(() => import('./Overview.tsx'), 'Overview'),
});

export const overviewRoutes = [overviewRoute];
