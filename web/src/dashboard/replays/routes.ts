// The addresses of replay jobs.
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { root } from '../root.ts';
import { choicesIn, textIn } from '../search.ts';

const statuses = ['counting', 'running', 'paused', 'done', 'cancelled', 'failed'] as const;

const list = createRoute({
  getParentRoute: () => root,
  path: 'replays',
  validateSearch: (search: Record<string, unknown>) => {
    const [status, tenant] = [choicesIn(search, 'status', statuses), textIn(search, 'tenant')];
    return { ...(status.length > 0 && { status }), ...(tenant && { tenant }) };
  },
  component: lazyRouteComponent(() => import('./Replays.tsx'), 'Replays'),
});

const one = createRoute({
  getParentRoute: () => root,
  path: 'replays/$replay',
  component: lazyRouteComponent(() => import('./Replay.tsx'), 'Replay'),
});

export const replayRoutes = [list, one];
