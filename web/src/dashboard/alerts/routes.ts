// The address of alerts. `alert`: the one that is open beside the list.
import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '../../parts/lazy-page.ts';
import { root } from '../root.ts';
import { choicesIn, textIn } from '../search.ts';

export const alertRoutes = [
  createRoute({
    getParentRoute: () => root,
    path: 'alerts',
    validateSearch: (search: Record<string, unknown>) => {
      const [show] = choicesIn(search, 'show', ['open', 'closed', 'all'] as const);
      const [minSeverity] = choicesIn(search, 'minSeverity', ['warning', 'critical'] as const);
      const [tenant, kind, alert] = [textIn(search, 'tenant'), textIn(search, 'kind'), textIn(search, 'alert')];
      return {
        ...(show && { show }),
        ...(minSeverity && { minSeverity }),
        ...(tenant && { tenant }),
        ...(kind && { kind }),
        ...(alert && { alert }),
      };
    },
    component: lazyPage(() => import('./Alerts.tsx'), 'Alerts'),
  }),
];
