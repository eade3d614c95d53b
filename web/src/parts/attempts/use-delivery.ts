// What the page of a delivery reads, again at each change of the delivery.
import type { Delivery } from '@posthorn/client';
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
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
  useAttemptsAgain(id, delivery.data);
  return { delivery, explanation };
}

/** The attempts may have been read just before the one that the delivery shows, and the live stream may be away. */
function useAttemptsAgain(id: string, delivery: Delivery | undefined): void {
  const queries = useQueryClient();
  const counted = delivery && `${delivery.round} ${delivery.attempts}`;
  const before = useRef(counted);
  useEffect(() => {
    if (before.current !== undefined && before.current !== counted)
      void queries.invalidateQueries({ queryKey: ['delivery', id, 'attempts'] });
    before.current = counted;
  }, [queries, id, counted]);
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
