// The endpoints of all tenants. The filters are in the address.
import type { EndpointSummary } from '@posthorn/client';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { posthorn } from '../../../api/client.ts';
import { useLacks } from '../../../api/use.ts';
import { Button } from '../../../parts/Button.tsx';
import type { Column } from '../../../parts/DataTable.tsx';
import { useFresh } from '../../../parts/live/use-fresh.ts';
import { Page } from '../../../parts/Page.tsx';
import { PagedTable } from '../../../parts/PagedTable.tsx';
import { Empty } from '../../../parts/States.tsx';
import { usePages } from '../../../parts/use-pages.ts';
import { count, duration, percent } from '../../../words/format.ts';
import { isNarrowed } from '../../search.ts';
import { Condition } from '../Condition.tsx';
import { withoutScheme } from '../names.ts';
import { EndpointFilters } from './EndpointFilters.tsx';
import { NewEndpoint } from './NewEndpoint.tsx';
import './endpoints.css';

const route = getRouteApi('/endpoints');
const everyMs = 15_000;

const columns: Column<EndpointSummary>[] = [
  { id: 'condition', header: 'State', width: '132px', cell: ({ condition }) => <Condition condition={condition} /> },
  {
    id: 'url',
    header: 'URL',
    width: 'minmax(0, 3fr)',
    cell: ({ id, url, description }) => (
      <Link to="/endpoints/$endpoint" params={{ endpoint: id }} className="row-link" title={description ? `${url}\n${description}` : url}>
        {withoutScheme(url)}
        {description && <span className="quiet"> · {description}</span>}
      </Link>
    ),
  },
  { id: 'tenant', header: 'Tenant', width: 'minmax(0, 1fr)', cell: ({ tenant }) => tenant },
  {
    id: 'types',
    header: 'Gets',
    width: 'minmax(0, 1fr)',
    cell: ({ eventTypes }) => (eventTypes.length === 0 ? <span className="quiet">all types</span> : eventTypes.join(', ')),
  },
  {
    id: 'success',
    header: 'Success 24 h',
    width: '92px',
    cell: ({ figures }) => <Figure name="Success" text={rate(figures?.successRate)} isBad={(figures?.successRate ?? 1) < lowRate} />,
  },
  { id: 'held', header: 'Held', width: '64px', cell: ({ figures }) => <Figure name="Held" text={number(figures?.held)} /> },
  {
    id: 'dead',
    header: 'Dead letters',
    width: '92px',
    cell: ({ figures }) => <Figure name="Dead letters" text={number(figures?.deadLettered)} />,
  },
  {
    id: 'oldest',
    header: 'Oldest waits',
    width: '92px',
    cell: ({ figures }) => (
      <Figure name="Oldest waits" text={figures?.oldestWaitingMs == null ? null : duration(figures.oldestWaitingMs, 'en')} />
    ),
  },
];
const idOf = ({ id }: EndpointSummary) => id;
const number = (value: number | undefined) => (value ? count(value, 'en') : null);
const rate = (value: number | null | undefined) => (value == null ? null : percent(value, 'en'));
const lowRate = 0.9;

/** Where columns have no heads, it says its name, and nothing is not shown. */
function Figure({ name, text, isBad = false }: { name: string; text: string | null; isBad?: boolean }) {
  if (text === null) return <span className="quiet endpoint-no-figure">–</span>;
  return (
    <span className={isBad ? 'endpoint-low' : ''}>
      <span className="endpoint-figure-name">{name} </span>
      {text}
    </span>
  );
}

export function Endpoints() {
  const filter = route.useSearch();
  const [isNew, setIsNew] = useState(false);
  const because = useLacks('endpoints:write');
  const endpoints = usePages({
    queryKey: ['endpoints', filter],
    read: (cursor, signal) => posthorn.endpoints.search({ ...filter, limit: 100, ...cursor }, { signal }).page(),
    everyMs,
  });
  useFresh([['endpoints', filter]], ({ endpoints }) => endpoints.size > 0);
  const make = (
    <Button tone="primary" because={because} onPress={() => setIsNew(true)}>
      New endpoint
    </Button>
  );
  return (
    <Page title="Endpoints" actions={make}>
      <EndpointFilters filter={filter} />
      <PagedTable
        list={endpoints}
        label="Endpoints"
        columns={columns}
        idOf={idOf}
        skeleton={10}
        empty={<Nothing isFiltered={isNarrowed(filter)} />}
      />
      <NewEndpoint isOpen={isNew} onClose={() => setIsNew(false)} {...(filter.tenant && { tenant: filter.tenant })} />
    </Page>
  );
}

function Nothing({ isFiltered }: { isFiltered: boolean }) {
  if (!isFiltered)
    return (
      <Empty title="No endpoints yet">
        <p>An endpoint is a URL of a consumer. It gets the events of its tenant that it subscribes to.</p>
      </Empty>
    );
  return (
    <Empty title="No endpoint matches">
      <Link to="/endpoints" className="button">
        Show all endpoints
      </Link>
    </Empty>
  );
}
