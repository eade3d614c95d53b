// The rows of the list of deliveries, or what stands in their place; and what can be done with those that are selected.
import { useNavigate } from '@tanstack/react-router';
import { useCallback, useState } from 'react';
import { useLacks } from '../../api/use.ts';
import { Button } from '../../parts/Button.tsx';
import { DataTable } from '../../parts/DataTable.tsx';
import { NothingFound } from '../../parts/filters/NothingFound.tsx';
import { useSearchOn } from '../../parts/filters/use-search-on.ts';
import type { ReplaySelection } from '../../parts/replay/CountAndStart.tsx';
import { ReplaySheet } from '../../parts/replay/ReplaySheet.tsx';
import { Problem, Skeleton } from '../../parts/States.tsx';
import { SelectedDeliveries, tooManyForJob } from '../../parts/undelivered/SelectedDeliveries.tsx';
import { onlyNext } from '../../parts/use-pages.ts';
import { type Selection, useSelection } from '../../parts/use-selection.ts';
import { isNarrowed } from '../search.ts';
import { columnsFor } from './columns.tsx';
import type { DeliveriesSearch } from './search.ts';
import type { ListedDelivery, useDeliveries } from './use-deliveries.ts';

/** Others are still on their way, or ended by somebody. */
const replayable: NonNullable<ReplaySelection['status']> = ['dead_lettered', 'succeeded'];
const idOf = ({ id }: ListedDelivery) => id;
const nameOf = ({ eventType, id }: ListedDelivery) => `${eventType} ${id}`;

export interface DeliveryListProps {
  search: DeliveriesSearch;
  query: ReturnType<typeof useDeliveries>['query'];
  rows: ListedDelivery[];
  onClear: () => void;
}

export function DeliveryList({ search, query, rows, onClear }: DeliveryListProps) {
  const { error, isPending, hasNextPage, isFetching, fetchNextPage, refetch } = query;
  const more = useCallback(() => void fetchNextPage(onlyNext), [fetchNextPage]);
  const searching = useSearchOn(query, rows.length);
  const selection = useSelection(rows, idOf);
  if (isPending) return <Skeleton rows={16} />;
  if (error && rows.length === 0) return <Problem error={error} onRetry={() => void refetch()} />;
  if (rows.length === 0) {
    return (
      <NothingFound searching={searching} isFiltered={isNarrowed(search)} onClear={onClear} title="No deliveries yet">
        A delivery is made for each endpoint that wants an event. Make an endpoint, then send it an event.
      </NothingFound>
    );
  }
  return (
    <>
      <DataTable
        label="Deliveries"
        rows={rows}
        columns={columnsFor(search.tenant)}
        idOf={idOf}
        nameOf={nameOf}
        selected={selection.selected}
        onSelect={selection.select}
        hasMore={hasNextPage}
        isLoading={isFetching}
        hasFailed={error !== null}
        onMore={more}
      />
      <Selected selection={selection} />
    </>
  );
}

function Selected({ selection }: { selection: Selection }) {
  const navigate = useNavigate();
  const [isReplaying, setIsReplaying] = useState(false);
  const because = useLacks('deliveries:act');
  return (
    <>
      <SelectedDeliveries selection={selection} because={because}>
        {() => (
          <Button tone="primary" because={because ?? tooManyForJob(selection.selected)} onPress={() => setIsReplaying(true)}>
            Replay…
          </Button>
        )}
      </SelectedDeliveries>
      <ReplaySheet
        title="Replay the selected deliveries"
        selection={isReplaying ? { deliveries: [...selection.selected], status: replayable } : null}
        onClose={() => setIsReplaying(false)}
        onStarted={({ id }) => void navigate({ to: '/replays/$replay', params: { replay: id } })}
      />
    </>
  );
}
