// The URL of an endpoint that only its id is known of. Until it is read, and if the endpoint is gone, its host or its id.
import { useQuery } from '@tanstack/react-query';
import { posthorn } from '../api/client.ts';
import { useMay } from '../api/use.ts';
import { nameOfUrl } from './attempts/name-of-url.ts';

const staleMs = 300_000;

function useEndpoint(id: string) {
  return useQuery({
    queryKey: ['endpoint', id],
    queryFn: ({ signal }) => posthorn.endpoints.get(id, { signal }),
    staleTime: staleMs,
    // one that is gone stays gone
    retryOnMount: false,
    enabled: useMay('endpoints:read'),
  }).data;
}

export function EndpointUrl({ id }: { id: string }) {
  return <span title={id}>{useEndpoint(id)?.url ?? id}</span>;
}

/** In a list: without the scheme, which nearly all have, and with the description. */
export function EndpointName({ id, host }: { id: string; host: string }) {
  const endpoint = useEndpoint(id);
  const name = endpoint ? nameOfUrl(endpoint.url) : host || id;
  return (
    <span title={[endpoint?.url ?? host, endpoint?.description, id].filter(Boolean).join('\n')}>
      {name}
      {endpoint?.description && <span className="quiet"> · {endpoint.description}</span>}
    </span>
  );
}
