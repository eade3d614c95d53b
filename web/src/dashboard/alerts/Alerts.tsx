// Alerts: what needs somebody now, and what did in the last 90 days.
import type { Alert } from '@posthorn/client';
import { getRouteApi, Link } from '@tanstack/react-router';
import { posthorn } from '../../api/client.ts';
import type { Column } from '../../parts/DataTable.tsx';
import { Page } from '../../parts/Page.tsx';
import { PagedTable } from '../../parts/PagedTable.tsx';
import { Empty } from '../../parts/States.tsx';
import { Tag } from '../../parts/Status.tsx';
import { severityWords, toneOfSeverity } from '../../parts/severity.ts';
import { Time } from '../../parts/Time.tsx';
import { usePages } from '../../parts/use-pages.ts';
import { isNarrowed } from '../search.ts';
import { AlertSheet } from './AlertSheet.tsx';
import { Filters } from './Filters.tsx';
import { type AlertFilters, queryOf } from './filters.ts';
import './alerts-page.css';

const route = getRouteApi('/alerts');

const columns: Column<Alert>[] = [
  {
    id: 'title',
    header: 'What is wrong',
    width: 'minmax(0, 3fr)',
    cell: ({ id, title }) => (
      <Link className="row-link" from="/alerts" to="/alerts" search={(before) => ({ ...before, alert: id })} resetScroll={false}>
        {title}
      </Link>
    ),
  },
  {
    id: 'severity',
    header: 'Severity',
    width: '110px',
    cell: ({ severity }) => <Tag tone={toneOfSeverity[severity]}>{severityWords[severity]}</Tag>,
  },
  {
    id: 'tenant',
    header: 'Tenant',
    width: 'minmax(0, 1fr)',
    cell: ({ tenant }) => tenant ?? <span className="quiet">the installation</span>,
  },
  { id: 'state', header: 'State', width: '120px', cell: ({ state }) => state },
  { id: 'opened', header: 'Opened', inList: 'corner', width: '110px', cell: ({ openedAt }) => <Time at={openedAt} /> },
];
const idOf = ({ id }: Alert) => id;

export function Alerts() {
  const { alert, ...filters } = route.useSearch();
  const navigate = route.useNavigate();
  const close = () => void navigate({ search: ({ alert: _, ...others }) => others, resetScroll: false });
  return (
    <Page title="Alerts" actions={<Filters filters={filters} />}>
      <AlertList filters={filters} />
      {alert !== undefined && <AlertSheet id={alert} onClose={close} />}
    </Page>
  );
}

function AlertList({ filters }: { filters: AlertFilters }) {
  const query = queryOf(filters);
  const alerts = usePages({
    queryKey: ['alerts', 'list', query],
    read: (cursor, signal) => posthorn.alerts.list({ ...query, limit: 100, ...cursor }, { signal }).page(),
    everyMs: 10_000,
  });
  return <PagedTable list={alerts} label="Alerts" columns={columns} idOf={idOf} skeleton={6} empty={<Nothing filters={filters} />} />;
}

function Nothing({ filters: { show = 'open', ...others } }: { filters: AlertFilters }) {
  const isFiltered = isNarrowed(others);
  if (isFiltered) {
    return (
      <Empty title="No alert matches">
        <Link to="/alerts" search={show === 'open' ? {} : { show }}>
          Show all tenants, kinds and severities
        </Link>
      </Empty>
    );
  }
  return (
    <Empty title={show === 'open' ? 'Nothing needs attention' : 'No alerts'}>
      <p>
        An alert opens when an endpoint fails, something expires, or Posthorn itself has a problem. It closes by itself when its cause ends,
        and is kept for 90 days.
      </p>
    </Empty>
  );
}
