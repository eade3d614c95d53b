// How an endpoint does: figures, charts, what went wrong, and the last deliveries.
import type { Stats, StatsWindow } from '@posthorn/client';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { posthorn } from '../../../api/client.ts';
import { FigureLink } from '../../../parts/FigureLink.tsx';
import { Facts, Section } from '../../../parts/Page.tsx';
import { Problem, Skeleton } from '../../../parts/States.tsx';
import { count, duration, percent } from '../../../words/format.ts';
import { laneQuery } from '../queries.ts';
import { EndpointCharts } from './EndpointCharts.tsx';
import { LatestDeliveries } from './LatestDeliveries.tsx';
import { Outcomes } from './Outcomes.tsx';
import { SettingsAtAGlance } from './SettingsAtAGlance.tsx';

const route = getRouteApi('/endpoints/$endpoint/');
const page = getRouteApi('/endpoints/$endpoint');
const windows: Record<StatsWindow, string> = { '1h': 'hour', '24h': '24 hours', '7d': '7 days', '30d': '30 days' };
const everyMs = 15_000;

export function EndpointOverview() {
  const { endpoint } = page.useParams();
  const { window = '24h' } = route.useSearch();
  const { data, error, refetch } = useQuery({
    queryKey: ['endpoint', endpoint, 'stats', window],
    queryFn: ({ signal }) => posthorn.endpoints.stats(endpoint, { window }, { signal }),
    refetchInterval: everyMs,
    placeholderData: keepPreviousData,
  });
  return (
    <>
      <Section title={`The last ${windows[window]}`} actions={<WindowChoice window={window} />}>
        {error && !data && <Problem error={error} onRetry={() => void refetch()} />}
        {!data && !error && <Skeleton rows={10} />}
        {data && <Figures endpoint={endpoint} stats={data} />}
        {data && <EndpointCharts stats={data} window={windows[window]} />}
        {data && <Outcomes totals={data.totals} />}
      </Section>
      <LatestDeliveries endpoint={endpoint} />
      <SettingsAtAGlance endpoint={endpoint} />
    </>
  );
}

function WindowChoice({ window }: { window: StatsWindow }) {
  const navigate = route.useNavigate();
  return (
    <label className="choice">
      <span className="visually-hidden">Window</span>
      <select
        className="input"
        value={window}
        onChange={({ target }) => void navigate({ search: { window: target.value as StatsWindow }, replace: true })}
      >
        {(Object.keys(windows) as StatsWindow[]).map((name) => (
          <option key={name} value={name}>
            Last {windows[name]}
          </option>
        ))}
      </select>
    </label>
  );
}

function Figures({ endpoint, stats: { totals } }: { endpoint: string; stats: Stats }) {
  // the lane is counted now, the statistics some seconds ago
  const lane = useQuery(laneQuery(endpoint)).data;
  const { accepted, delivered, failed, successRate, latencyMs, held, deadLettered, oldestWaitingMs } = totals;
  const heldNow = lane?.held ?? held;
  const heldText = `${lane?.heldIsMore ? 'more than ' : ''}${count(heldNow, 'en')}`;
  const time = (ms: number | null) => (ms === null ? '–' : duration(ms, 'en'));
  return (
    <Facts
      facts={[
        ['Deliveries made', count(accepted, 'en')],
        ['Delivered', count(delivered, 'en')],
        ['Attempts that failed', count(failed, 'en')],
        ['Success', successRate === null ? 'nothing was sent' : percent(successRate, 'en')],
        ['p50', time(latencyMs.p50)],
        ['p95', time(latencyMs.p95)],
        ['p99', time(latencyMs.p99)],
        ['Held now', <FigureLink key="held" value={heldNow} text={heldText} to="/deliveries" search={{ endpoint, status: 'held' }} />],
        ['Dead letters now', <FigureLink key="dead" value={deadLettered} to="/dead-letters" search={{ endpoint }} />],
        ['Oldest waits', oldestWaitingMs === null ? 'none waits' : duration(oldestWaitingMs, 'en')],
      ]}
    />
  );
}
