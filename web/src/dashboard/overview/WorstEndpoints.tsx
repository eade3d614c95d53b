// The endpoints that fail most, or for which most is held.
import type { StatsWindow, WorstEndpoint } from '@posthorn/client';
import { useQuery } from '@tanstack/react-query';
import { posthorn } from '../../api/client.ts';
import { type Column, DataTable } from '../../parts/DataTable.tsx';
import { Section } from '../../parts/Page.tsx';
import { PathLink } from '../../parts/PathLink.tsx';
import { Problem, Skeleton } from '../../parts/States.tsx';
import { count, duration, percent } from '../../words/format.ts';

const locale = 'en';
const columns: Column<WorstEndpoint>[] = [
  {
    id: 'url',
    header: 'Endpoint',
    width: 'minmax(0, 3fr)',
    cell: ({ url, endpoint }) => (
      <PathLink className="row-link" to={`/endpoints/${endpoint}`}>
        {shown(url)}
      </PathLink>
    ),
  },
  { id: 'tenant', header: 'Tenant', width: 'minmax(0, 1fr)', cell: ({ tenant }) => tenant },
  {
    id: 'success',
    header: 'Success',
    isBare: true,
    width: '72px',
    cell: ({ successRate }) => (successRate === null ? '–' : percent(successRate, locale)),
  },
  { id: 'failed', header: 'Failed', isBare: true, width: '72px', cell: ({ failed }) => count(failed, locale) },
  { id: 'p95', header: 'p95', isBare: true, width: '72px', cell: ({ latencyMs: { p95 } }) => (p95 === null ? '–' : duration(p95, locale)) },
  { id: 'held', header: 'Held', isBare: true, width: '72px', cell: ({ held }) => count(held, locale) },
];
const idOf = ({ endpoint }: WorstEndpoint) => endpoint;
/** Without the scheme, which is the same for nearly all. */
const shown = (url: string) => url.replace(/^https:\/\//, '');

export function WorstEndpoints({ window, tenant }: { window: StatsWindow; tenant: string | undefined }) {
  const { data, error, refetch } = useQuery({
    queryKey: ['worst-endpoints', { window, tenant }],
    queryFn: ({ signal }) => posthorn.worstEndpoints({ window, limit: 8, ...(tenant && { tenant }) }, { signal }),
    refetchInterval: 30_000,
  });
  return (
    <Section title="Worst endpoints">
      {error && !data && <Problem error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton rows={4} />}
      {data?.data.length === 0 && <p className="quiet">No attempt has failed, and nothing is held.</p>}
      {data && data.data.length > 0 && <DataTable label="Worst endpoints" rows={data.data} columns={columns} idOf={idOf} />}
    </Section>
  );
}
