// The address of the help page.
import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '../../parts/lazy-page.ts';
import { root } from '../root.ts';

export const helpRoute = createRoute({
  getParentRoute: () => root,
  path: 'help',
  validateSearch: ({ endpoint }: Record<string, unknown>): { endpoint?: string } =>
    typeof endpoint === 'string' && endpoint !== '' ? { endpoint } : {},
  component: lazyPage(() => import('./Help.tsx'), 'Help'),
});
