// Deliveries that failed inside Posthorn itself. Somebody removes the cause, and releases them.
import type { Delivery } from '@posthorn/client';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useCallback, useMemo, useState } from 'react';
import { posthorn } from '../../api/client.ts';
import type { Changes } from '../../api/live.ts';
import { useLacks } from '../../api/use.ts';
import { type Column, DataTable } from '../../parts/DataTable.tsx';
import { isAtTop } from '../../parts/live/use-at-top.ts';
import { useFresh } from '../../parts/live/use-fresh.ts';
import { Page } from '../../parts/Page.tsx';
import { PathLink } from '../../parts/PathLink.tsx';
import { SelectionBar } from '../../parts/SelectionBar.tsx';
import { Empty, Problem, Skeleton } from '../../parts/States.tsx';
import { Time } from '../../parts/Time.tsx';
import { CancelSelected } from '../../parts/undelivered/CancelSelected.tsx';
import { ReleaseSelected } from './ReleaseSelected.tsx';

const route = getRouteApi('/quarantine');
const idOf = ({ id }: Delivery) => id;
const nameOf = ({ eventType, id }: Delivery) => `${eventType} ${id}`;

const columns: Column<Delivery>[] = [
  {
    id: 'type',
    header: 'Event type',
    width: 'minmax(0, 1fr)',
    cell: ({ id, eventType }) => (
      <PathLink to={`/deliveries/${id}`} className="row-link">
        {eventType}
      </PathLink>
    ),
  },
  { id: 'tenant', header: 'Tenant', width: 'minmax(0, 0.7fr)', cell: ({ tenant }) => tenant },
  { id: 'message', header: 'What failed', width: 'minmax(0, 2.5fr)', cell: ({ lastMessage }) => lastMessage ?? 'not known' },
  { id: 'faults', header: 'Times', width: '64px', cell: ({ faults }) => faults },
  { id: 'at', header: 'Since', width: '110px', cell: ({ updatedAt }) => <Time at={updatedAt} /> },
];

const isAboutQuarantine = ({ deliveries }: Changes) => [...deliveries.values()].some(({ status }) => status === 'quarantined');

export function Quarantine() {
  const filter = route.useSearch();
  const queries = useQueryClient();
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const because = useLacks('deliveries:act');
  useFresh([['deliveries', 'quarantined']], isAboutQuarantine, { mayRun: isAtTop });
  const { data, error, isPending, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey: ['deliveries', 'quarantined', filter],
    queryFn: ({ pageParam, signal }) =>
      posthorn.deliveries
        .list({ ...filter, status: 'quarantined', limit: 100, ...(pageParam && { cursor: pageParam }) }, { signal })
        .page(),
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }) => nextCursor,
  });
  const rows = useMemo(() => data?.pages.flatMap((page) => page.data) ?? [], [data]);
  const chosen = useMemo(() => new Set(rows.map(idOf).filter((id) => selected.has(id))), [rows, selected]);
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  const done = (left: string[]) => {
    setSelected(new Set(left));
    void queries.invalidateQueries({ queryKey: ['deliveries'] });
  };
  return (
    <Page title="Quarantine">
      <p className="quiet">
        Ten attempts in a row failed inside Posthorn itself, so it stopped trying. Remove the cause, which the log names too, and then
        release them.
      </p>
      {isPending && <Skeleton rows={6} />}
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {data && rows.length === 0 && (
        <Empty title="Nothing is in quarantine">
          <p>That is how it should be. An alert opens when something gets here.</p>
        </Empty>
      )}
      {rows.length > 0 && (
        <>
          <DataTable
            label="Deliveries in quarantine"
            rows={rows}
            columns={columns}
            idOf={idOf}
            nameOf={nameOf}
            selected={chosen}
            onSelect={setSelected}
            hasMore={hasNextPage}
            isLoadingMore={isFetchingNextPage}
            onMore={more}
          />
          <SelectionBar selected={chosen} onClear={() => setSelected(new Set())}>
            <ReleaseSelected selected={chosen} because={because} onDone={done} />
            <CancelSelected selected={chosen} because={because} onDone={done} />
          </SelectionBar>
        </>
      )}
    </Page>
  );
}
