// The events that match the filters, page by page. The stream tells of deliveries, not of events: at the top of the list it makes
// the first page be read again, at most every two seconds; further down, new events are counted. An event
// that no endpoint wants has no delivery, of which the stream would tell: the list also asks every ten seconds.
import { type InfiniteData, useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { type Changes, onChanges } from '../../api/live.ts';
import { boundsOf } from '../../parts/filters/time-span.ts';
import { mostWaiting } from '../../parts/live/LiveSwitch.tsx';
import { isAtTop, useReturnToTop } from '../../parts/live/use-at-top.ts';
import { useThrottled } from '../../parts/live/use-throttled.ts';
import type { EventsSearch } from './search.ts';

const pageSize = 50;
const refreshMs = 10_000;

const keyOf = (search: EventsSearch) => ['events', 'list', search] as const;

export function useEvents(search: EventsSearch, isLive: boolean) {
  const queries = useQueryClient();
  const query = useInfiniteQuery({
    queryKey: keyOf(search),
    queryFn: ({ pageParam, signal }) => {
      const { tenant, type, ...span } = search;
      const filter = { ...(tenant && { tenant }), ...(type && { type }), ...boundsOf(span, Date.now()) };
      return posthorn.events.listAll({ ...filter, limit: pageSize, ...(pageParam && { cursor: pageParam }) }, { signal }).page();
    },
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }) => nextCursor,
  });
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.data) ?? [], [query.data]);
  const { refetch } = query;
  const readTop = useCallback(() => {
    queries.setQueryData<InfiniteData<unknown, string>>(keyOf(search), (data) =>
      data && data.pages.length > 1 ? { pages: data.pages.slice(0, 1), pageParams: data.pageParams.slice(0, 1) } : data,
    );
    return refetch();
  }, [queries, search, refetch]);
  const { waiting, forget } = useNews(search, rows[0]?.acceptedAt, isLive, readTop);
  const showNew = useCallback(() => {
    scrollTo({ top: 0 });
    forget();
    void readTop();
  }, [forget, readTop]);
  useReturnToTop(() => waiting > 0 && showNew());
  return { query, rows, waiting, showNew };
}

/** `newestAt`: when the event on top was accepted. */
function useNews({ tenant, type }: EventsSearch, newestAt: string | undefined, isLive: boolean, readTop: () => Promise<unknown>) {
  const ids = useRef(new Set<string>());
  const [waiting, setWaiting] = useState(0);
  const forget = useCallback(() => {
    ids.current.clear();
    setWaiting(0);
  }, []);
  // other filters, another list
  // biome-ignore lint/correctness/useExhaustiveDependencies: they are what changes
  useEffect(() => forget, [tenant, type, forget]);
  const readSoon = useThrottled(readTop, { mayRun: isAtTop });
  const look = useCallback(
    ({ deliveries, isReset }: Changes) => {
      const seen = [...deliveries.values()].filter((one) => (!tenant || one.tenant === tenant) && (!type || one.eventType === type));
      if (seen.length === 0 && !isReset) return;
      if (isAtTop()) return readSoon();
      for (const { event, createdAt, tenant: of } of seen) {
        if (newestAt !== undefined && createdAt > newestAt && ids.current.size < mostWaiting) ids.current.add(`${of} ${event}`);
      }
      setWaiting(ids.current.size);
    },
    [tenant, type, newestAt, readSoon],
  );
  useEffect(() => (isLive ? onChanges(look) : undefined), [isLive, look]);
  const count = useCallback(async () => {
    if (newestAt === undefined) return;
    const filter = { ...(tenant && { tenant }), ...(type && { type }) };
    const { data } = await posthorn.events.listAll({ ...filter, since: newestAt, limit: pageSize }).page();
    for (const { id, acceptedAt, tenant: of } of data)
      if (acceptedAt > newestAt && ids.current.size < mostWaiting) ids.current.add(`${of} ${id}`);
    setWaiting(ids.current.size);
  }, [tenant, type, newestAt]);
  useEffect(() => {
    if (!isLive) return;
    // what cannot be read is counted the next time
    const ask = () => !document.hidden && (isAtTop() ? readSoon() : void count().catch(() => undefined));
    const timer = setInterval(ask, refreshMs);
    return () => clearInterval(timer);
  }, [isLive, readSoon, count]);
  return { waiting, forget };
}
