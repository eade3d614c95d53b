// The rows of the list of deliveries, or what stands in their place; and what can be done with those that are selected.
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useCallback, useMemo, useState } from 'react';
import { useLacks } from '../../api/use.ts';
import { Button } from '../../parts/Button.tsx';
import { DataTable } from '../../parts/DataTable.tsx';
import { NothingFound } from '../../parts/filters/NothingFound.tsx';
import { useSearchOn } from '../../parts/filters/use-search-on.ts';
import type { ReplaySelection } from '../../parts/replay/CountAndStart.tsx';
import { ReplaySheet } from '../../parts/replay/ReplaySheet.tsx';
import { SelectionBar } from '../../parts/SelectionBar.tsx';
import { Problem, Skeleton } from '../../parts/States.tsx';
import { CancelSelected } from '../../parts/undelivered/CancelSelected.tsx';
import { columnsFor } from './columns.tsx';
import type { DeliveriesSearch } from './search.ts';
import type { ListedDelivery, useDeliveries } from './use-deliveries.ts';

const mostInJob = 1_000;
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
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const { error, isPending, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = query;
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  const searching = useSearchOn(query, rows.length);
  // what is not listed any more cannot be selected
  const chosen = useMemo(() => new Set(selected.size === 0 ? [] : rows.map(idOf).filter((id) => selected.has(id))), [rows, selected]);
  if (isPending) return <Skeleton rows={16} />;
  if (error && rows.length === 0) return <Problem error={error} onRetry={() => void refetch()} />;
  if (rows.length === 0) {
    return (
      <NothingFound searching={searching} isFiltered={Object.keys(search).length > 0} onClear={onClear} title="No deliveries yet">
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
        selected={chosen}
        onSelect={setSelected}
        hasMore={hasNextPage}
        isLoadingMore={isFetchingNextPage}
        onMore={more}
      />
      <Selected chosen={chosen} onSelect={setSelected} />
    </>
  );
}

function Selected({ chosen, onSelect }: { chosen: ReadonlySet<string>; onSelect: (left: ReadonlySet<string>) => void }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [isReplaying, setIsReplaying] = useState(false);
  const role = useLacks('deliveries:act');
  const tooMany = chosen.size > mostInJob ? `at most ${mostInJob.toLocaleString('en')} can be chosen one by one` : undefined;
  return (
    <>
      <SelectionBar selected={chosen} onClear={() => onSelect(new Set())}>
        <Button tone="primary" because={role ?? tooMany} onPress={() => setIsReplaying(true)}>
          Replay…
        </Button>
        <CancelSelected
          selected={chosen}
          because={role}
          onDone={(left) => {
            onSelect(new Set(left));
            void queries.invalidateQueries({ queryKey: ['deliveries'] });
          }}
        />
      </SelectionBar>
      <ReplaySheet
        title="Replay the selected deliveries"
        selection={isReplaying ? { deliveries: [...chosen], status: replayable } : null}
        onClose={() => setIsReplaying(false)}
        onStarted={({ id }) => void navigate({ to: '/replays/$replay', params: { replay: id } })}
      />
    </>
  );
}
