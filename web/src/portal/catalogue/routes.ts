// The addresses of the catalogue.
import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '../../parts/lazy-page.ts';
import { root } from '../root.ts';

const catalogueRoute = createRoute({
  getParentRoute: () => root,
  path: 'catalogue',
  validateSearch: ({ search }: Record<string, unknown>): { search?: string } =>
    typeof search === 'string' && search !== '' ? { search } : {},
  component: lazyPage(() => import('./Catalogue.tsx'), 'Catalogue'),
});

const eventTypeRoute = createRoute({
  getParentRoute: () => root,
  path: 'catalogue/$type',
  validateSearch: ({ version }: Record<string, unknown>): { version?: number } => {
    const number = Number(version);
    return Number.isInteger(number) && number > 0 ? { version: number } : {};
  },
  component: lazyPage(() => import('./EventType.tsx'), 'EventType'),
});

export const catalogueRoutes = [catalogueRoute, eventTypeRoute];
