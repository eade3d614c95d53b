// The list of events: what producers posted, and what became of it in short.
import type { ListedEvent } from '@posthorn/client';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useCallback, useState } from 'react';
import { DataTable } from '../../parts/DataTable.tsx';
import { NothingFound } from '../../parts/filters/NothingFound.tsx';
import { SavedViews } from '../../parts/filters/SavedViews.tsx';
import { useSearchOn } from '../../parts/filters/use-search-on.ts';
import { LiveSwitch, NewRows } from '../../parts/live/LiveSwitch.tsx';
import { Page } from '../../parts/Page.tsx';
import { Problem, Skeleton } from '../../parts/States.tsx';
import { onlyNext } from '../../parts/use-pages.ts';
import { isNarrowed, parseSearch, stringifySearch } from '../search.ts';
import { columnsFor } from './columns.tsx';
import { EventFilters } from './EventFilters.tsx';
import { type EventsSearch, eventsSearchIn } from './search.ts';
import { useEvents } from './use-events.ts';

const route = getRouteApi('/events');
const usualViews = [
  { name: 'Last hour', search: 'within=1h' },
  { name: 'Last 24 hours', search: 'within=24h' },
];
const idOf = ({ tenant, id }: ListedEvent) => `${tenant} ${id}`;

export function Events() {
  const search = route.useSearch();
  const navigate = useNavigate({ from: '/events' });
  const [isLive, setIsLive] = useState(true);
  const { query, rows, waiting, showNew } = useEvents(search, isLive);
  return (
    <Page
      title="Events"
      actions={
        <>
          <SavedViews
            list="events"
            usual={usualViews}
            search={stringifySearch({ ...search }).slice(1)}
            onOpen={(text) => void navigate({ search: eventsSearchIn(parseSearch(text)) })}
          />
          <LiveSwitch isLive={isLive} onChange={setIsLive} />
        </>
      }
    >
      <EventFilters search={search} />
      <NewRows count={waiting} onShow={showNew} />
      <EventList search={search} query={query} rows={rows} onClear={() => void navigate({ search: {} })} />
    </Page>
  );
}

interface EventListProps {
  search: EventsSearch;
  query: ReturnType<typeof useEvents>['query'];
  rows: ListedEvent[];
  onClear: () => void;
}

function EventList({ search, query, rows, onClear }: EventListProps) {
  const { error, isPending, hasNextPage, isFetching, fetchNextPage, refetch } = query;
  const more = useCallback(() => void fetchNextPage(onlyNext), [fetchNextPage]);
  const searching = useSearchOn(query, rows.length);
  if (isPending) return <Skeleton rows={16} />;
  if (error && rows.length === 0) return <Problem error={error} onRetry={() => void refetch()} />;
  if (rows.length === 0) {
    return (
      <NothingFound searching={searching} isFiltered={isNarrowed(search)} onClear={onClear} title="No events yet">
        Events appear here as soon as a producer has posted them.
      </NothingFound>
    );
  }
  return (
    <DataTable
      label="Events"
      rows={rows}
      columns={columnsFor(search.tenant)}
      idOf={idOf}
      hasMore={hasNextPage}
      isLoading={isFetching}
      hasFailed={error !== null}
      onMore={more}
    />
  );
}
