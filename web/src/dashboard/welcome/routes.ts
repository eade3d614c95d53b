// The address of the first run.
import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '../../parts/lazy-page.ts';
import { root } from '../root.ts';
import { textIn } from '../search.ts';

export const welcomeRoutes = [
  createRoute({
    getParentRoute: () => root,
    path: 'welcome',
    validateSearch: (search: Record<string, unknown>) => {
      const tenant = textIn(search, 'tenant');
      return { ...(tenant && { tenant }) };
    },
    component: lazyPage(() => import('./Welcome.tsx'), 'Welcome'),
  }),
];
