// The address of the check of a receiver.
import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '../../parts/lazy-page.ts';
import { root } from '../root.ts';

export const conformanceRoute = createRoute({
  getParentRoute: () => root,
  path: 'endpoints/$endpoint/check',
  component: lazyPage(() => import('./Conformance.tsx'), 'Conformance'),
});
