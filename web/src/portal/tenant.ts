// What all pages of the portal need: the link of this tab, and the endpoints of its tenant.
import type { CurrentPortalLink, Endpoint } from '@posthorn/client';
import { useQuery } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { posthorn } from '../api/client.ts';
import { useMay } from '../api/use.ts';
import { portalLink } from './shell/link/link.ts';

/** Only for pages, which are there while a link is open. */
function useLink(): CurrentPortalLink {
  const state = useSyncExternalStore(portalLink.subscribe, portalLink.get);
  if (state.state !== 'open') throw new Error('there is no portal link');
  return state.link;
}

/** Producer's id of the tenant. */
export const useTenant = (): string => useLink().tenant.id;

/** More are not read, and the list of endpoints says so. */
export const mostEndpoints = 5_000;

/** The endpoints of the tenant, newest first. Without the right to see them: none. */
export function useEndpoints() {
  const [tenant, may] = [useTenant(), useMay('endpoints:read')];
  return useQuery({
    queryKey: ['endpoints', tenant],
    async queryFn({ signal }) {
      const all: Endpoint[] = [];
      for await (const { data } of posthorn.endpoints.list(tenant, { limit: 250 }, { signal }).pages()) {
        all.push(...data);
        if (all.length >= mostEndpoints) break;
      }
      return all;
    },
    enabled: may,
  });
}

/** What an endpoint is called in lists: its description, else its address. */
export function nameOfEndpoint(endpoints: readonly Endpoint[] | undefined, id: string): string {
  const found = endpoints?.find((one) => one.id === id);
  return found ? found.description || found.url.replace(/^https?:\/\//, '') : id;
}
