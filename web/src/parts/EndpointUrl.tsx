// The URL of an endpoint that only its id is known of. Until it is read, and if the endpoint is gone, the id.
import { useQuery } from '@tanstack/react-query';
import { posthorn } from '../api/client.ts';

const staleMs = 300_000;

export function EndpointUrl({ id }: { id: string }) {
  const { data } = useQuery({
    queryKey: ['endpoint', id],
    queryFn: ({ signal }) => posthorn.endpoints.get(id, { signal }),
    staleTime: staleMs,
  });
  return <span title={id}>{data?.url ?? id}</span>;
}
