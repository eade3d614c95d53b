// The addresses of endpoints: the list, and the tabs of one.
import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '../../parts/lazy-page.ts';
import { root } from '../root.ts';
import { choicesIn, textIn } from '../search.ts';

const conditions = ['ok', 'failing', 'blocked', 'retry_after', 'paused', 'unverified', 'disabled'] as const;
const windows = ['1h', '24h', '7d', '30d'] as const;

const list = createRoute({
  getParentRoute: () => root,
  path: 'endpoints',
  validateSearch: (search: Record<string, unknown>) => {
    const condition = choicesIn(search, 'condition', conditions);
    const [tenant, sought] = [textIn(search, 'tenant'), textIn(search, 'search')];
    return { ...(condition.length > 0 && { condition }), ...(tenant && { tenant }), ...(sought && { search: sought }) };
  },
  component: lazyPage(() => import('./list/Endpoints.tsx'), 'Endpoints'),
});

const one = createRoute({
  getParentRoute: () => root,
  path: 'endpoints/$endpoint',
  component: lazyPage(() => import('./EndpointPage.tsx'), 'EndpointPage'),
});

const overview = createRoute({
  getParentRoute: () => one,
  path: '/',
  validateSearch: (search: Record<string, unknown>) => {
    const [window] = choicesIn(search, 'window', windows);
    return { ...(window && { window }) };
  },
  component: lazyPage(() => import('./overview/EndpointOverview.tsx'), 'EndpointOverview'),
});

const lane = createRoute({
  getParentRoute: () => one,
  path: 'lane',
  component: lazyPage(() => import('./lane/Lane.tsx'), 'Lane'),
});

const settings = createRoute({
  getParentRoute: () => one,
  path: 'settings',
  component: lazyPage(() => import('./settings/Settings.tsx'), 'Settings'),
});

const secrets = createRoute({
  getParentRoute: () => one,
  path: 'secrets',
  component: lazyPage(() => import('./secrets/Secrets.tsx'), 'Secrets'),
});

const conformance = createRoute({
  getParentRoute: () => one,
  path: 'conformance',
  component: lazyPage(() => import('./conformance/Conformance.tsx'), 'Conformance'),
});

export const endpointRoutes = [list, one.addChildren([overview, lane, settings, secrets, conformance])];
