// The event types that are registered. Filters are in the address.
import type { EventTypeSummary } from '@posthorn/client';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { useLacksInstallation } from '../../api/use.ts';
import { Button } from '../../parts/Button.tsx';
import { Choice } from '../../parts/Choice.tsx';
import type { Column } from '../../parts/DataTable.tsx';
import { Page } from '../../parts/Page.tsx';
import { PagedTable } from '../../parts/PagedTable.tsx';
import { SearchField } from '../../parts/SearchField.tsx';
import { Empty } from '../../parts/States.tsx';
import { usePages } from '../../parts/use-pages.ts';
import { isNarrowed } from '../search.ts';
import { NewType } from './NewType.tsx';
import { TypeState } from './TypeState.tsx';

const route = getRouteApi('/catalogue');

const columns: Column<EventTypeSummary>[] = [
  {
    id: 'name',
    header: 'Event type',
    width: 'minmax(0, 2fr)',
    cell: ({ name }) => (
      <Link className="row-link" to="/catalogue/$type" params={{ type: name }}>
        {name}
      </Link>
    ),
  },
  {
    id: 'description',
    header: 'Description',
    width: 'minmax(0, 3fr)',
    cell: ({ description }) => description || <span className="quiet">–</span>,
  },
  { id: 'group', header: 'Group', width: 'minmax(0, 1fr)', isBare: true, cell: ({ group }) => group ?? null },
  { id: 'owner', header: 'Owner', width: 'minmax(0, 1fr)', isBare: true, cell: ({ owner }) => owner ?? null },
  { id: 'version', header: 'Version', width: '72px', isBare: true, cell: ({ currentVersion }) => currentVersion ?? null },
  { id: 'state', header: 'State', width: '120px', cell: (type) => <TypeState type={type} /> },
];
const idOf = ({ name }: EventTypeSummary) => name;

export function Catalogue() {
  const because = useLacksInstallation();
  const [isMaking, setIsMaking] = useState(false);
  return (
    <Page
      title="Catalogue"
      actions={
        <Button onPress={() => setIsMaking(true)} because={because}>
          Register a type
        </Button>
      }
    >
      <Filters />
      <Types />
      {isMaking && <NewType onClose={() => setIsMaking(false)} />}
    </Page>
  );
}

function Filters() {
  const { search = '', group, state } = route.useSearch();
  const navigate = route.useNavigate();
  // a filter that is undefined leaves the address
  const set = (change: { [Name in 'search' | 'group' | 'state']?: string | undefined }, replace = false) =>
    void navigate({ search: (before) => ({ ...before, ...change }) as typeof before, replace });
  return (
    <div className="page-actions">
      <SearchField
        label="Search in names, descriptions, owners and tags"
        value={search}
        onChange={(text) => set({ search: text || undefined }, true)}
      />
      <Choice
        label="State"
        value={state ?? ''}
        options={[
          ['', 'All states'],
          ['active', 'Active'],
          ['deprecated', 'Deprecated'],
          ['sunset', 'Past its sunset'],
        ]}
        onChange={(next) => set({ state: next || undefined })}
      />
      {group !== undefined && <Button onPress={() => set({ group: undefined })}>Group: {group} ✕</Button>}
    </div>
  );
}

function Types() {
  const filter = route.useSearch();
  const types = usePages({
    queryKey: ['event-types', filter],
    read: (cursor, signal) => posthorn.eventTypes.list({ ...filter, limit: 100, ...cursor }, { signal }).page(),
    keepsRows: true,
  });
  const nothing = <Nothing isFiltered={isNarrowed(filter)} />;
  return <PagedTable list={types} label="Event types" columns={columns} idOf={idOf} skeleton={8} empty={nothing} />;
}

function Nothing({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) {
    return (
      <Empty title="No event type matches">
        <Link to="/catalogue">Show all event types</Link>
      </Empty>
    );
  }
  return (
    <Empty title="No event types are registered">
      <p>
        Events of any type are accepted without a catalogue. With one, consumers see what they can receive, and events are checked against
        their schema. Register a type here, or apply a file with <code>posthorn catalogue apply</code>.
      </p>
    </Empty>
  );
}
