// The addresses of the catalogue of event types.
import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '../../parts/lazy-page.ts';
import { root } from '../root.ts';
import { choicesIn, textIn } from '../search.ts';

const numberIn = (search: Record<string, unknown>, name: string) => {
  const text = textIn(search, name);
  return text !== undefined && /^[1-9]\d{0,6}$/.test(text) ? text : undefined;
};

export const catalogueRoutes = [
  createRoute({
    getParentRoute: () => root,
    path: 'catalogue',
    validateSearch: (search: Record<string, unknown>) => {
      const [state] = choicesIn(search, 'state', ['active', 'deprecated', 'sunset'] as const);
      const [text, group] = [textIn(search, 'search'), textIn(search, 'group')];
      return { ...(text && { search: text }), ...(group && { group }), ...(state && { state }) };
    },
    component: lazyPage(() => import('./Catalogue.tsx'), 'Catalogue'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: 'catalogue/$type',
    validateSearch: (search: Record<string, unknown>) => {
      const [version, since] = [numberIn(search, 'version'), numberIn(search, 'since')];
      return { ...(version && { version }), ...(since && { since }) };
    },
    component: lazyPage(() => import('./EventTypePage.tsx'), 'EventTypePage'),
  }),
];
