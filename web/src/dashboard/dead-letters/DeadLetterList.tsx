// Dead letters one by one, newest first. Selected ones are replayed together as a job, or cancelled.
import type { Delivery } from '@posthorn/client';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useMemo, useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { useLacks } from '../../api/use.ts';
import { Button } from '../../parts/Button.tsx';
import { useCommands } from '../../parts/commands.ts';
import { type Column, DataTable } from '../../parts/DataTable.tsx';
import { PathLink } from '../../parts/PathLink.tsx';
import { SelectionBar } from '../../parts/SelectionBar.tsx';
import { Empty, Problem, Skeleton } from '../../parts/States.tsx';
import { Time } from '../../parts/Time.tsx';
import { CancelSelected } from '../../parts/undelivered/CancelSelected.tsx';
import type { DeadLettersSearch } from './routes.ts';
import { sinceOf } from './span.ts';

const mostInJob = 1_000;
const idOf = ({ id }: Delivery) => id;
const nameOf = ({ eventType, id }: Delivery) => `${eventType} ${id}`;

const columnsWith = (urls: ReadonlyMap<string, string>): Column<Delivery>[] => [
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
  { id: 'endpoint', header: 'Endpoint', width: 'minmax(0, 1.5fr)', cell: ({ endpoint }) => urls.get(endpoint) ?? endpoint },
  { id: 'message', header: 'What happened last', width: 'minmax(0, 2fr)', cell: ({ lastMessage }) => lastMessage },
  { id: 'attempts', header: 'Attempts', width: '76px', cell: ({ attempts }) => attempts },
  { id: 'at', header: 'Failed', width: '110px', cell: ({ updatedAt }) => <Time at={updatedAt} /> },
];

export interface DeadLetterListProps {
  search: DeadLettersSearch;
  /** Of endpoints, by their ids. */
  urls: ReadonlyMap<string, string>;
  onReplay: (deliveries: string[]) => void;
}

function useDeadLetters(search: DeadLettersSearch) {
  const { within, ...filter } = search;
  return useInfiniteQuery({
    queryKey: ['deliveries', 'dead_lettered', search],
    queryFn: ({ pageParam, signal }) =>
      posthorn.deliveries
        .list(
          {
            ...filter,
            status: 'dead_lettered',
            limit: 100,
            ...(within && { since: sinceOf(within) }),
            ...(pageParam && { cursor: pageParam }),
          },
          { signal },
        )
        .page(),
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }) => nextCursor,
  });
}

export function DeadLetterList({ search, urls, onReplay }: DeadLetterListProps) {
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const queries = useQueryClient();
  const because = useLacks('deliveries:act');
  const { data, error, isPending, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = useDeadLetters(search);
  const rows = useMemo(() => data?.pages.flatMap((page) => page.data) ?? [], [data]);
  const columns = useMemo(() => columnsWith(urls), [urls]);
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  // what is not listed any more cannot be selected
  const chosen = useMemo(() => new Set(rows.map(idOf).filter((id) => selected.has(id))), [rows, selected]);
  const clear = () => setSelected(new Set());
  const tooMany =
    chosen.size > mostInJob ? `at most ${mostInJob.toLocaleString('en')} can be chosen one by one; use the filters` : undefined;
  const whyNot = because ?? tooMany;
  const replay = () => onReplay([...chosen]);
  const none = chosen.size === 0 ? 'select some first' : undefined;
  useCommands([{ id: 'replay', text: 'Replay the selected ones', keys: 'r', because: whyNot ?? none, act: replay }]);
  if (isPending) return <Skeleton rows={8} />;
  if (error && !data) return <Problem error={error} onRetry={() => void refetch()} />;
  if (rows.length === 0) return <Empty title="Nothing matches these filters" />;
  return (
    <>
      <DataTable
        label="Dead letters"
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
      <SelectionBar selected={chosen} onClear={clear}>
        <Button tone="primary" because={whyNot} onPress={replay}>
          Replay…
        </Button>
        <CancelSelected
          selected={chosen}
          because={because}
          onDone={(left) => {
            setSelected(new Set(left));
            void queries.invalidateQueries({ queryKey: ['deliveries'] });
            void queries.invalidateQueries({ queryKey: ['undelivered'] });
          }}
        />
      </SelectionBar>
    </>
  );
}
