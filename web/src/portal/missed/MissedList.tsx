// What one endpoint missed, oldest first, as its server would fetch it.
import type { MissedDelivery } from '@posthorn/client';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import { posthorn } from '../../api/client.ts';
import { type Column, DataTable } from '../../parts/DataTable.tsx';
import { Empty, Problem, Skeleton } from '../../parts/States.tsx';
import { Status } from '../../parts/Status.tsx';
import { Time } from '../../parts/Time.tsx';
import { useTexts } from '../shell/words/language.tsx';
import { Acknowledge } from './Acknowledge.tsx';
import { missedTexts } from './texts.ts';

const pageSize = 100;
const idOf = ({ delivery }: MissedDelivery) => delivery;

export function MissedList({ endpoint }: { endpoint: string }) {
  const texts = useTexts(missedTexts);
  const { data, error, isPending, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey: ['missed', endpoint],
    queryFn: ({ pageParam, signal }) =>
      posthorn.missed.list(endpoint, { limit: pageSize, ...(pageParam && { after: pageParam }) }, { signal }),
    initialPageParam: '',
    getNextPageParam: (page) => (page.data.length < pageSize ? null : page.cursor),
  });
  const rows = useMemo(() => data?.pages.flatMap((page) => page.data) ?? [], [data]);
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  const columns = useColumns();
  if (isPending) return <Skeleton rows={6} />;
  if (error) return <Problem error={error} onRetry={() => void refetch()} />;
  const cursor = data.pages.at(-1)?.cursor;
  if (rows.length === 0 || cursor === undefined) return <Empty title={texts.noneTitle}>{texts.none}</Empty>;
  return (
    <>
      <Acknowledge endpoint={endpoint} cursor={cursor} count={rows.length} isAll={!hasNextPage} />
      <DataTable
        label={texts.title}
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

function useColumns(): Column<MissedDelivery>[] {
  const texts = useTexts(missedTexts);
  return useMemo(
    () => [
      {
        id: 'type',
        header: texts.type,
        width: 'minmax(0, 1fr)',
        cell: ({ delivery, eventType }) => (
          <Link to="/deliveries/$delivery" params={{ delivery }} className="row-link">
            {eventType}
          </Link>
        ),
      },
      { id: 'event', header: texts.event, width: 'minmax(0, 1.5fr)', cell: ({ event }) => <code>{event}</code> },
      { id: 'status', header: texts.status, width: '170px', cell: ({ status }) => <Status status={status} /> },
      { id: 'accepted', header: texts.accepted, width: '120px', cell: ({ acceptedAt }) => <Time at={acceptedAt} /> },
    ],
    [texts],
  );
}
