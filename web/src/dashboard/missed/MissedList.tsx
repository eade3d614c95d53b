// What one endpoint missed, oldest first, as its consumer fetches it.
import type { MissedDelivery } from '@posthorn/client';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useCallback, useMemo } from 'react';
import { posthorn } from '../../api/client.ts';
import { type Column, DataTable } from '../../parts/DataTable.tsx';
import { PathLink } from '../../parts/PathLink.tsx';
import { Empty, Problem, Skeleton } from '../../parts/States.tsx';
import { Status } from '../../parts/Status.tsx';
import { Time } from '../../parts/Time.tsx';
import { Acknowledge } from './Acknowledge.tsx';

const pageSize = 100;
const columns: Column<MissedDelivery>[] = [
  {
    id: 'type',
    header: 'Event type',
    width: 'minmax(0, 1fr)',
    cell: ({ delivery, eventType }) => (
      <PathLink to={`/deliveries/${delivery}`} className="row-link">
        {eventType}
      </PathLink>
    ),
  },
  { id: 'event', header: 'Event', width: 'minmax(0, 1.5fr)', cell: ({ event }) => <code>{event}</code> },
  { id: 'status', header: 'Status', width: '140px', cell: ({ status }) => <Status status={status} /> },
  { id: 'at', header: 'Accepted', width: '120px', cell: ({ acceptedAt }) => <Time at={acceptedAt} /> },
];
const idOf = ({ delivery }: MissedDelivery) => delivery;

export function MissedList({ endpoint }: { endpoint: string }) {
  const { data, error, isPending, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey: ['missed', endpoint],
    queryFn: ({ pageParam, signal }) =>
      posthorn.missed.list(endpoint, { limit: pageSize, ...(pageParam && { after: pageParam }) }, { signal }),
    initialPageParam: '',
    getNextPageParam: ({ data, cursor }) => (data.length < pageSize ? null : cursor),
  });
  const rows = useMemo(() => data?.pages.flatMap((page) => page.data) ?? [], [data]);
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  if (isPending) return <Skeleton rows={6} />;
  if (error && !data) return <Problem error={error} onRetry={() => void refetch()} />;
  const cursor = data.pages.at(-1)?.cursor;
  if (rows.length === 0 || cursor === undefined) {
    return (
      <Empty title="Nothing more is missed">
        <p>The consumer has acknowledged all, or it was delivered meanwhile.</p>
      </Empty>
    );
  }
  return (
    <>
      <Acknowledge endpoint={endpoint} cursor={cursor} count={rows.length} isAll={!hasNextPage} />
      <DataTable
        label="Missed events"
        rows={rows}
        columns={columns}
        idOf={idOf}
        hasMore={hasNextPage}
        isLoadingMore={isFetchingNextPage}
        onMore={more}
      />
    </>
  );
}
