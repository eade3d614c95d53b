// The address of the health page.
import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '../../parts/lazy-page.ts';
import { choicesIn, textIn } from '../../parts/search.ts';
import { root } from '../root.ts';

const windows = ['1h', '24h', '7d', '30d'] as const;

export const healthRoute = createRoute({
  getParentRoute: () => root,
  path: 'health',
  validateSearch: (search: Record<string, unknown>) => {
    const [[window], endpoint] = [choicesIn(search, 'window', windows), textIn(search, 'endpoint')];
    return { ...(window && { window }), ...(endpoint && { endpoint }) };
  },
  component: lazyPage(() => import('./Health.tsx'), 'Health'),
});
