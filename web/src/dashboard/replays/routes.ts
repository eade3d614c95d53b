// The addresses of replay jobs.
import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '../../parts/lazy-page.ts';
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
  component: lazyPage(() => import('./Replays.tsx'), 'Replays'),
});

const one = createRoute({
  getParentRoute: () => root,
  path: 'replays/$replay',
  component: lazyPage(() => import('./Replay.tsx'), 'Replay'),
});

export const replayRoutes = [list, one];
