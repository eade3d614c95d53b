// The portal for consumers.
import '../look/base.css';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { credential } from '../api/credential.ts';
import { createQueries } from '../api/queries.ts';
import { router } from './router.ts';
import { listenToHost } from './shell/frame/host.ts';
import { look } from './shell/frame/look.ts';
import { takeToken } from './shell/link/address.ts';
import { portalLink } from './shell/link/link.ts';

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

const queries = createQueries();

listenToHost((message) => {
  if (message.posthorn === 'token') void portalLink.open(message.token, true);
  else if (message.posthorn === 'no-token') portalLink.renewalRefused(true);
  else look.obeyHost(message);
});

portalLink.onOtherTenant(() => {
  queries.clear();
  // what was typed for the other tenant is not asked about
  void router.navigate({ to: '/', ignoreBlocker: true });
});

const token = takeToken() ?? credential.token();
if (token === '') portalLink.missing();
else void portalLink.open(token);

// a link that is opened in this tab while it shows another one changes only the fragment
addEventListener('hashchange', () => {
  const next = takeToken();
  if (next !== null) void portalLink.open(next);
});

const host = document.getElementById('root');
if (host) {
  createRoot(host).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  );
}
