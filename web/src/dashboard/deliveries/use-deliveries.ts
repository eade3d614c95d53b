// The deliveries that match the filters, page by page, kept up to date by the live stream.
import type { ChangedDelivery, Delivery } from '@posthorn/client';
import { type InfiniteData, useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { type Changes, onChanges } from '../../api/live.ts';
import { useBoundTo } from '../../api/use.ts';
import { boundsOf } from '../../parts/filters/time-span.ts';
import { mostWaiting } from '../../parts/live/LiveSwitch.tsx';
import { type LivePage, type PageStart, rowsOf, withChanges } from '../../parts/live/live-rows.ts';
import { isAtTop, useReturnToTop } from '../../parts/live/use-at-top.ts';
import { matchOf } from './matches.ts';
import type { DeliveriesSearch } from './search.ts';

const pageSize = 100;

/** As the list shows it: what the stream tells of a delivery. */
export type ListedDelivery = ChangedDelivery;
type Pages = InfiniteData<LivePage<ListedDelivery>, PageStart>;

const keyOf = (search: DeliveriesSearch) => ['deliveries', 'list', search] as const;

async function readPage(
  { within, since, until, ...filter }: DeliveriesSearch,
  start: PageStart,
  signal: AbortSignal,
): Promise<LivePage<Delivery>> {
  const bounds = boundsOf({ ...(within && { within }), ...(since && { since }), ...(until && { until }) }, Date.now());
  const page = await posthorn.deliveries.list({ ...filter, ...bounds, ...start, limit: pageSize }, { signal }).page();
  return {
    data: page.data,
    next: page.nextCursor === null ? null : { ...(start.until && { until: start.until }), cursor: page.nextCursor },
  };
}

export function useDeliveries(search: DeliveriesSearch, isLive: boolean) {
  const queries = useQueryClient();
  const { waiting, apply, forget, withMeanwhile } = useApply(search);
  const query = useInfiniteQuery({
    queryKey: keyOf(search),
    queryFn: ({ pageParam, signal }): Promise<LivePage<ListedDelivery>> => readPage(search, pageParam, signal),
    initialPageParam: {} as PageStart,
    getNextPageParam: ({ next }) => next,
    // the pages are changed in place by the stream, several times a second; what was read may be older than that
    structuralSharing: (_, read) => withMeanwhile(read as Pages),
  });
  useEffect(() => (isLive ? onChanges(apply) : undefined), [isLive, apply]);
  const { refetch } = query;
  const showNew = useCallback(() => {
    scrollTo({ top: 0 });
    forget();
    queries.setQueryData<Pages>(
      keyOf(search),
      (data) => data && { pages: data.pages.slice(0, 1), pageParams: data.pageParams.slice(0, 1) },
    );
    void refetch();
  }, [queries, search, refetch, forget]);
  useReturnToTop(() => waiting > 0 && showNew());
  const rows = useMemo(() => rowsOf(query.data?.pages ?? []), [query.data]);
  return { query, rows, waiting, showNew };
}

/** Puts what the stream tells into the pages that are loaded, and counts what it may not insert. */
function useApply(search: DeliveriesSearch) {
  const queries = useQueryClient();
  const tenant = useBoundTo();
  const ids = useRef(new Set<string>());
  const [waiting, setWaiting] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: other filters, another list
  const meanwhile = useMemo(() => new Map<string, ChangedDelivery>(), [search]);
  const forget = useCallback(() => {
    ids.current.clear();
    setWaiting(0);
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: other filters, another list
  useEffect(() => forget, [search, forget]);
  const rulesNow = useCallback(
    () => ({ matches: matchOf(search, tenant, Date.now()), toRow: (one: ChangedDelivery) => one, mayInsert: isAtTop() }),
    [search, tenant],
  );
  const withMeanwhile = useCallback((read: Pages) => withChanges(read, meanwhile.values(), rulesNow()).read, [meanwhile, rulesNow]);
  const apply = useCallback(
    ({ deliveries, isReset }: Changes) => {
      // pages that are being read now may be older than these changes, and replace those that have them
      if (queries.getQueryState(keyOf(search))?.fetchStatus !== 'fetching') meanwhile.clear();
      else for (const [id, change] of deliveries) meanwhile.set(id, change);
      if (isReset) return void queries.invalidateQueries({ queryKey: keyOf(search) });
      const data = queries.getQueryData<Pages>(keyOf(search));
      if (!data || deliveries.size === 0) return;
      const after = withChanges(data, deliveries.values(), rulesNow());
      if (after.read !== data) queries.setQueryData<Pages>(keyOf(search), after.read);
      for (const id of after.waiting) if (ids.current.size < mostWaiting) ids.current.add(id);
      setWaiting(ids.current.size);
    },
    [queries, search, meanwhile, rulesNow],
  );
  return { waiting, apply, forget, withMeanwhile };
}
