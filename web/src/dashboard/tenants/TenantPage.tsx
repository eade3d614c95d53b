// One tenant: its limits, its figures, what belongs to it.
import type { Tenant } from '@posthorn/client';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { posthorn } from '../../api/client.ts';
import { useLacks } from '../../api/use.ts';
import { Id } from '../../parts/Copy.tsx';
import { FigureLink } from '../../parts/FigureLink.tsx';
import { Facts, Page, Section } from '../../parts/Page.tsx';
import { PathLink } from '../../parts/PathLink.tsx';
import { Problem, Skeleton } from '../../parts/States.tsx';
import { Time } from '../../parts/Time.tsx';
import { count, duration, percent } from '../../words/format.ts';
import { DeleteTenant } from './DeleteTenant.tsx';
import { TenantSettings } from './TenantSettings.tsx';
import { tenantQuery } from './tenant-query.ts';
import './tenant-page.css';

const route = getRouteApi('/tenants/$tenant');
const back = { to: '/tenants', text: 'Tenants' };

export function TenantPage() {
  const { tenant: id } = route.useParams();
  const because = useLacks('admin');
  const { data, error, refetch } = useQuery(tenantQuery(id));
  if (error && !data) {
    return (
      <Page title={`Tenant ${id}`} back={back}>
        <Problem error={error} onRetry={() => void refetch()} />
      </Page>
    );
  }
  return (
    <Page title={data?.name ?? id} back={back} actions={data && <DeleteTenant key={id} tenant={data} because={because} />}>
      {data ? <About tenant={data} /> : <Skeleton rows={2} />}
      <Belongings tenant={id} isAdmin={because === undefined} />
      <Section title="The last 24 hours">
        <Figures tenant={id} />
      </Section>
      {data && (
        <Section title="Settings">
          <TenantSettings key={data.id} tenant={data} because={because} />
        </Section>
      )}
    </Page>
  );
}

function About({ tenant }: { tenant: Tenant }) {
  const metadata = Object.entries(tenant.metadata).map(([name, value]): [string, string] => [name, value]);
  return (
    <Facts
      facts={[
        ['Id', <Id key="id" id={tenant.id} />],
        ['Made', <Time key="made" at={tenant.createdAt} />],
        ['Changed', <Time key="changed" at={tenant.updatedAt} />],
        ...metadata,
      ]}
    />
  );
}

const pages: [to: string, text: string][] = [
  ['/endpoints', 'Endpoints'],
  ['/deliveries', 'Deliveries'],
  ['/events', 'Events'],
  ['/dead-letters', 'Dead letters'],
  ['/missed', 'Missed events'],
  ['/replays', 'Replays'],
  ['/alerts', 'Alerts'],
];
const pagesOfAdmins: typeof pages = [
  ['/keys', 'API keys'],
  ['/links', 'Portal links'],
  ['/sessions', 'Sessions'],
  ['/audit', 'Audit log'],
];

/** Lists of what belongs to it. */
function Belongings({ tenant, isAdmin }: { tenant: string; isAdmin: boolean }) {
  return (
    <nav aria-label="Of this tenant" className="tenant-pages">
      {[...pages, ...(isAdmin ? pagesOfAdmins : [])].map(([to, text]) => (
        <PathLink key={to} to={to} search={{ tenant }}>
          {text}
        </PathLink>
      ))}
    </nav>
  );
}

function Figures({ tenant }: { tenant: string }) {
  const { data, error, refetch } = useQuery({
    queryKey: ['stats', tenant, '24h'],
    queryFn: ({ signal }) => posthorn.tenants.stats(tenant, { window: '24h' }, { signal }),
  });
  if (error && !data) return <Problem error={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton rows={2} />;
  const { accepted, delivered, failed, successRate, latencyMs, held, deadLettered } = data.totals;
  const linked = (value: number, to: string, search: Record<string, string> = {}) => (
    <FigureLink value={value} to={to} search={{ tenant, ...search }} />
  );
  return (
    <Facts
      facts={[
        ['Accepted', linked(accepted, '/events', { within: '24h' })],
        ['Delivered', linked(delivered, '/deliveries', { status: 'succeeded', within: '24h' })],
        ['Attempts that failed', count(failed, 'en')],
        ['Success', successRate === null ? 'nothing was sent' : percent(successRate, 'en')],
        ['Half arrive within', latencyMs.p50 === null ? 'nothing arrived' : duration(latencyMs.p50, 'en')],
        ['95 of 100 within', latencyMs.p95 === null ? 'nothing arrived' : duration(latencyMs.p95, 'en')],
        ['Held now', linked(held, '/deliveries', { status: 'held' })],
        ['Dead letters now', linked(deadLettered, '/dead-letters')],
      ]}
    />
  );
}
