// What receives the first event of a tenant: its newest test endpoint, or an endpoint that leads to the open sandbox of this
// Posthorn, such as the one that `npm start` makes.
import { useQuery } from '@tanstack/react-query';
import { posthorn } from '../../api/client.ts';

export interface FirstReceiver {
  url: string;
  endpoint: string;
  /** Null: the open sandbox. */
  sandboxId: string | null;
}

/** Undefined: there is none, or it is not known yet. */
export function useReceiver(tenant: string, hasTenant: boolean): FirstReceiver | undefined {
  const sandboxes = useQuery({
    queryKey: ['sandboxes', tenant],
    queryFn: ({ signal }) => posthorn.sandboxes.list(tenant, { limit: 1 }, { signal }).page(),
    enabled: hasTenant,
  });
  const sandbox = sandboxes.data?.data[0];
  const endpoints = useQuery({
    queryKey: ['endpoints', 'first', tenant],
    queryFn: ({ signal }) => posthorn.endpoints.list(tenant, { limit: 250 }, { signal }).page(),
    enabled: hasTenant && sandboxes.data !== undefined && sandbox === undefined,
  });
  if (sandbox) return { url: sandbox.url, endpoint: sandbox.endpoint, sandboxId: sandbox.id };
  const open = endpoints.data?.data.find(({ url, eventTypes }) => eventTypes.length === 0 && isOpenSandbox(url));
  return open && { url: open.url, endpoint: open.id, sandboxId: null };
}

/** At any name of this server: `localhost` and `127.0.0.1` are the same. */
const isOpenSandbox = (url: string) => URL.parse(url)?.pathname.startsWith('/sandbox/') ?? false;
