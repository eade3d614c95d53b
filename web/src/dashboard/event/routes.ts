// The address of one event.
import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '../../parts/lazy-page.ts';
import { root } from '../root.ts';
import { choicesIn } from '../search.ts';

export const eventRoute = createRoute({
  getParentRoute: () => root,
  path: 'events/$tenant/$event',
  validateSearch: (search: Record<string, unknown>) => {
    const [show] = choicesIn(search, 'show', ['sent', 'not']);
    return { ...(show && { show }) };
  },
  component: lazyPage(() => import('./EventPage.tsx'), 'EventPage'),
});
