// The address of dead letters.
import { createRoute } from '@tanstack/react-router';
import { spans, type Within } from '../../parts/filters/time-span.ts';
import { lazyPage } from '../../parts/lazy-page.ts';
import { root } from '../root.ts';
import { choicesIn, textIn } from '../search.ts';

const deadLetters = createRoute({
  getParentRoute: () => root,
  path: 'dead-letters',
  validateSearch: (search: Record<string, unknown>): DeadLettersSearch => {
    const [tenant, endpoint, type] = [textIn(search, 'tenant'), textIn(search, 'endpoint'), textIn(search, 'type')];
    const [within] = choicesIn(search, 'within', spans);
    return { ...(tenant && { tenant }), ...(endpoint && { endpoint }), ...(type && { type }), ...(within && { within }) };
  },
  component: lazyPage(() => import('./DeadLetters.tsx'), 'DeadLetters'),
});

export interface DeadLettersSearch {
  tenant?: string;
  endpoint?: string;
  type?: string;
  within?: Within;
}

export const deadLetterRoutes = [deadLetters];
