// What the page of a delivery reads, again at each change of the delivery.
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { posthorn } from '../../api/client.ts';
import { useChanges } from '../../api/live.ts';

/** In case that the live stream is away. */
const readAgainMs = 15_000;

export function useDelivery(id: string) {
  const queries = useQueryClient();
  useChanges(({ deliveries, isReset }) => {
    if (isReset || deliveries.has(id)) void queries.invalidateQueries({ queryKey: ['delivery', id] });
  });
  const delivery = useQuery({
    queryKey: ['delivery', id],
    queryFn: ({ signal }) => posthorn.deliveries.get(id, { signal }),
    refetchInterval: readAgainMs,
  });
  const explanation = useQuery({
    queryKey: ['delivery', id, 'explanation'],
    queryFn: ({ signal }) => posthorn.deliveries.explain(id, { signal }),
    refetchInterval: readAgainMs,
  });
  return { delivery, explanation };
}

/** Page by page, newest first. */
export function useAttemptPages(id: string) {
  return useInfiniteQuery({
    queryKey: ['delivery', id, 'attempts'],
    queryFn: ({ pageParam, signal }) =>
      posthorn.deliveries.attempts(id, { limit: 50, ...(pageParam && { cursor: pageParam }) }, { signal }).page(),
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }) => nextCursor,
  });
}
