// The addresses of what says who may call, and of what they did.
import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '../../parts/lazy-page.ts';
import { root } from '../root.ts';
import { textIn } from '../search.ts';

const ofTenant = (search: Record<string, unknown>) => {
  const tenant = textIn(search, 'tenant');
  return { ...(tenant && { tenant }) };
};

const keys = createRoute({
  getParentRoute: () => root,
  path: 'keys',
  validateSearch: ofTenant,
  component: lazyPage(() => import('./Keys.tsx'), 'Keys'),
});
const links = createRoute({
  getParentRoute: () => root,
  path: 'links',
  validateSearch: ofTenant,
  component: lazyPage(() => import('./Links.tsx'), 'Links'),
});
const sessions = createRoute({
  getParentRoute: () => root,
  path: 'sessions',
  validateSearch: ofTenant,
  component: lazyPage(() => import('./Sessions.tsx'), 'Sessions'),
});
const audit = createRoute({
  getParentRoute: () => root,
  path: 'audit',
  validateSearch: (search: Record<string, unknown>) => {
    const [action, since, until] = [textIn(search, 'action'), textIn(search, 'since'), textIn(search, 'until')];
    return { ...ofTenant(search), ...(action && { action }), ...(since && { since }), ...(until && { until }) };
  },
  component: lazyPage(() => import('./Audit.tsx'), 'Audit'),
});

export const accessRoutes = [keys, links, sessions, audit];
