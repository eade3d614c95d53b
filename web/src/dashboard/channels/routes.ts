// The address of alert channels.
import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '../../parts/lazy-page.ts';
import { root } from '../root.ts';

export const channelRoutes = [
  createRoute({
    getParentRoute: () => root,
    path: 'channels',
    component: lazyPage(() => import('./Channels.tsx'), 'Channels'),
  }),
];
