// The address of the list of events.
import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '../../parts/lazy-page.ts';
import { root } from '../root.ts';
import { eventsSearchIn } from './search.ts';

const events = createRoute({
  getParentRoute: () => root,
  path: 'events',
  validateSearch: eventsSearchIn,
  component: lazyPage(() => import('./Events.tsx'), 'Events'),
});

export const eventRoutes = [events];
