// The endpoints of the tenant.
import type { Alert, Endpoint } from '@posthorn/client';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import { type Column, DataTable } from '../../parts/DataTable.tsx';
import { useFresh } from '../../parts/live/use-fresh.ts';
import { Page } from '../../parts/Page.tsx';
import { SearchField } from '../../parts/SearchField.tsx';
import { Empty, Problem, Skeleton } from '../../parts/States.tsx';
import { Tag } from '../../parts/Status.tsx';
import { Time } from '../../parts/Time.tsx';
import { currentAlertsQuery } from '../queries.ts';
import { useTexts } from '../shell/words/language.tsx';
import { mostEndpoints, useEndpoints, useTenant } from '../tenant.ts';
import { stateOf, stateTones } from './endpoint-state.ts';
import { listTexts } from './list-texts.ts';
import './endpoints.css';

type ListWords = (typeof listTexts)['en'];

const idOf = ({ id }: Endpoint) => id;
const noAlerts: Alert[] = [];
const route = getRouteApi('/endpoints');
const searchedFrom = 9;

export function Endpoints() {
  const tenant = useTenant();
  const words = useTexts(listTexts);
  const { data, error, isPending, refetch } = useEndpoints();
  const { data: alerts = noAlerts } = useQuery(currentAlertsQuery(tenant));
  useFresh([['endpoints'], ['alerts']], ({ endpoints, alerts }) => endpoints.size + alerts.size > 0);
  const columns = useMemo(() => columnsOf(words, alerts), [words, alerts]);
  const add = (
    <Link to="/endpoints/new" className="button button-primary">
      {words.add}
    </Link>
  );
  return (
    <Page title={words.title} actions={data && data.length > 0 && add}>
      {isPending && <Skeleton rows={6} />}
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {data?.length === 0 && (
        <Empty title={words.none}>
          <p>{words.noneText}</p>
          {add}
        </Empty>
      )}
      {data && data.length > 0 && <Found endpoints={data} columns={columns} />}
    </Page>
  );
}

/** All of them, or those that are searched for. */
function Found({ endpoints, columns }: { endpoints: readonly Endpoint[]; columns: readonly Column<Endpoint>[] }) {
  const words = useTexts(listTexts);
  const { search = '' } = route.useSearch();
  const navigate = route.useNavigate();
  const seek = useCallback((text: string) => void navigate({ search: text === '' ? {} : { search: text }, replace: true }), [navigate]);
  const rows = useMemo(() => endpoints.filter((one) => textOf(one).includes(search.toLowerCase())), [endpoints, search]);
  return (
    <>
      {(endpoints.length >= searchedFrom || search !== '') && <SearchField label={words.search} value={search} onChange={seek} />}
      {rows.length > 0 && <DataTable label={words.title} rows={rows} columns={columns} idOf={idOf} />}
      {rows.length === 0 && (
        <Empty title={words.noneFits}>
          <Link to="/endpoints" className="button">
            {words.showAll}
          </Link>
        </Empty>
      )}
      {endpoints.length >= mostEndpoints && <p className="quiet">{words.more(mostEndpoints)}</p>}
    </>
  );
}

const textOf = ({ id, url, description, eventTypes }: Endpoint) => [id, url, description, ...eventTypes].join('\n').toLowerCase();

function columnsOf(words: ListWords, alerts: readonly Alert[]): Column<Endpoint>[] {
  return [
    {
      id: 'endpoint',
      header: words.columns.endpoint,
      width: 'minmax(0, 3fr)',
      cell: ({ id, url, description }) => (
        <Link to="/endpoints/$endpoint" params={{ endpoint: id }} className="row-link endpoint-name">
          <span className="mono">{url}</span>
          {description && <span className="quiet">{description}</span>}
        </Link>
      ),
    },
    {
      id: 'state',
      header: words.columns.state,
      width: '130px',
      cell(endpoint) {
        const state = stateOf(endpoint, alerts);
        return <Tag tone={stateTones[state]}>{words.states[state]}</Tag>;
      },
    },
    { id: 'receives', header: words.columns.receives, width: 'minmax(0, 1.5fr)', cell: (endpoint) => receivesText(endpoint, words) },
    { id: 'created', header: words.columns.created, width: '120px', cell: ({ createdAt }) => <Time at={createdAt} /> },
  ];
}

function receivesText({ eventTypes, filter }: Endpoint, words: ListWords): string {
  const types = eventTypes.length === 0 ? words.allTypes : eventTypes.length <= 2 ? eventTypes.join(', ') : words.types(eventTypes.length);
  return filter ? `${types}, ${words.filtered}` : types;
}
