// One endpoint: what it is, how it is, what can be done; and its tabs.
import type { Endpoint, EndpointCondition, Lane as LaneView } from '@posthorn/client';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, Outlet, useMatchRoute } from '@tanstack/react-router';
import { Clamped } from '../../parts/Clamped.tsx';
import { Id } from '../../parts/Copy.tsx';
import { useFresh } from '../../parts/live/use-fresh.ts';
import { Page } from '../../parts/Page.tsx';
import { PathLink } from '../../parts/PathLink.tsx';
import { Problem, Skeleton } from '../../parts/States.tsx';
import { Tag } from '../../parts/Status.tsx';
import { bySeverity, toneOfSeverity } from '../../parts/severity.ts';
import { WithTimes } from '../../parts/WithTimes.tsx';
import { Condition } from './Condition.tsx';
import { EndpointActions } from './EndpointActions.tsx';
import { withoutScheme } from './names.ts';
import { alertsQuery, endpointQuery, laneQuery, summaryQuery } from './queries.ts';
import './endpoint-page.css';

const route = getRouteApi('/endpoints/$endpoint');
const back = { to: '/endpoints', text: 'Endpoints' };

const tabs = [
  { to: '/endpoints/$endpoint', text: 'Overview' },
  { to: '/endpoints/$endpoint/lane', text: 'Lane' },
  { to: '/endpoints/$endpoint/settings', text: 'Settings' },
  { to: '/endpoints/$endpoint/secrets', text: 'Secrets and verification' },
  { to: '/endpoints/$endpoint/conformance', text: 'Conformance' },
] as const;

/** What a page of the endpoint shows that changes with its deliveries. Not its settings, which somebody may be editing. */
const changedWithDeliveries = (id: string) => [
  ...['summary', 'lane', 'queues', 'sequence'].map((part) => ['endpoint', id, part]),
  ['deliveries', { endpoint: id }],
];

export function EndpointPage() {
  const { endpoint: id } = route.useParams();
  const { data, error, refetch } = useQuery(endpointQuery(id));
  useFresh(changedWithDeliveries(id), ({ deliveries }) => [...deliveries.values()].some(({ endpoint }) => endpoint === id));
  useFresh([['endpoint', id]], ({ endpoints }) => endpoints.has(id));
  const match = useMatchRoute();
  const part = tabs.find(({ to }) => match({ to, params: { endpoint: id } }));
  if (error && !data) {
    return (
      <Page title="Endpoint" back={back}>
        <Problem error={error} onRetry={() => void refetch()} />
      </Page>
    );
  }
  if (!data) {
    return (
      <Page title="Endpoint" back={back}>
        <Skeleton rows={10} />
      </Page>
    );
  }
  const name = withoutScheme(data.url);
  return (
    <Page
      title={`${part ? `${part.text} · ` : ''}${name}`}
      heading={name}
      back={back}
      actions={<EndpointActions key={id} endpoint={data} />}
    >
      <Head endpoint={data} />
      <nav className="tabs" aria-label="Parts of the endpoint">
        {tabs.map(({ to, text }) => (
          <Link
            key={to}
            to={to}
            params={{ endpoint: id }}
            className="tab"
            activeOptions={{ exact: true, includeSearch: false }}
            activeProps={{ className: 'tab-here', 'aria-current': 'page' }}
          >
            {text}
          </Link>
        ))}
        <PathLink to="/missed" search={{ endpoint: id }} className="tab">
          Missed events
        </PathLink>
      </nav>
      <Outlet />
    </Page>
  );
}

/** State in a word and a sentence, and whose endpoint it is. */
function Head({ endpoint: { id, tenant, description } }: { endpoint: Endpoint }) {
  const summary = useQuery(summaryQuery(id));
  const lane = useQuery(laneQuery(id));
  return (
    <div className="endpoint-head">
      <p className="endpoint-state" aria-live="polite">
        {summary.data && <Condition condition={summary.data.condition} />}
        {lane.data && summary.data && <HowItSends condition={summary.data.condition} lane={lane.data} />}
      </p>
      <OpenAlerts id={id} />
      {description && (
        <div>
          <Clamped>{description}</Clamped>
        </div>
      )}
      <p className="endpoint-of">
        <Id id={id} />
        <span>
          Tenant{' '}
          <Link to="/tenants/$tenant" params={{ tenant }}>
            {tenant}
          </Link>
        </span>
      </p>
    </div>
  );
}

function HowItSends({ condition, lane: { reasons, message, advice } }: { condition: EndpointCondition; lane: LaneView }) {
  if (condition === 'failing' && reasons.length === 0)
    return <span>Nothing is held: new deliveries are sent at once, and failed ones again by the retry schedule.</span>;
  return (
    <span>
      {message} {advice && <span className="quiet">{advice}</span>}
    </span>
  );
}

function OpenAlerts({ id }: { id: string }) {
  const { data: alerts = [] } = useQuery(alertsQuery(id));
  if (alerts.length === 0) return null;
  return (
    <ul className="endpoint-alerts" aria-label="Open alerts">
      {bySeverity(alerts).map((alert) => (
        <li key={alert.id}>
          <PathLink to="/alerts" search={{ alert: alert.id }}>
            <Tag tone={toneOfSeverity[alert.severity]}>{alert.title}</Tag>
          </PathLink>{' '}
          <span className="quiet">
            <WithTimes text={alert.detail} />
          </span>
        </li>
      ))}
    </ul>
  );
}
