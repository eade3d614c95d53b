// The list of deliveries. Its filters are in the address.
import type { Delivery } from '@posthorn/client';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import { posthorn } from '../../api/client.ts';
import { type Column, DataTable } from '../../parts/DataTable.tsx';
import { Page } from '../../parts/Page.tsx';
import { Empty, Problem, Skeleton } from '../../parts/States.tsx';
import { Status } from '../../parts/Status.tsx';
import { Time } from '../../parts/Time.tsx';

// not the route itself: that would put this page into the first load
const route = getRouteApi('/deliveries');

const columns: Column<Delivery>[] = [
  { id: 'status', header: 'Status', width: '140px', cell: ({ status }) => <Status status={status} /> },
  { id: 'type', header: 'Event type', width: 'minmax(0, 1fr)', cell: ({ eventType }) => eventType },
  { id: 'tenant', header: 'Tenant', width: 'minmax(0, 1fr)', cell: ({ tenant }) => tenant },
  { id: 'message', header: 'What happened last', width: 'minmax(0, 2fr)', cell: ({ lastMessage }) => lastMessage },
  { id: 'created', header: 'Accepted', width: '110px', cell: ({ createdAt }) => <Time at={createdAt} /> },
];
const idOf = ({ id }: Delivery) => id;

export function Deliveries() {
  const filter = route.useSearch();
  const { data, error, isPending, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey: ['deliveries', filter],
    queryFn: ({ pageParam, signal }) =>
      posthorn.deliveries.list({ ...filter, limit: 100, ...(pageParam && { cursor: pageParam }) }, { signal }).page(),
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }) => nextCursor,
  });
  const rows = useMemo(() => data?.pages.flatMap((page) => page.data) ?? [], [data]);
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  return (
    <Page title="Deliveries">
      {isPending && <Skeleton rows={12} />}
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {data && rows.length === 0 && (
        <Empty title="No deliveries yet">They appear here as soon as an event is accepted that an endpoint wants.</Empty>
      )}
      {rows.length > 0 && (
        <DataTable
          label="Deliveries"
          rows={rows}
          columns={columns}
          idOf={idOf}
          hasMore={hasNextPage}
          isLoadingMore={isFetchingNextPage}
          onMore={more}
        />
      )}
    </Page>
  );
}
