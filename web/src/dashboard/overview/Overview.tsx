// The overview: is all well, how much flows, what is wrong.
import type { StatsWindow } from '@posthorn/client';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Navigate } from '@tanstack/react-router';
import { Suspense } from 'react';
import { posthorn } from '../../api/client.ts';
import { useBoundTo } from '../../api/use.ts';
import { useIsFirstRun } from '../../parts/first-run.ts';
import { lazyPart } from '../../parts/lazy-page.ts';
import { restMs, useFresh } from '../../parts/live/use-fresh.ts';
import { Page } from '../../parts/Page.tsx';
import { Problem, Skeleton } from '../../parts/States.tsx';
import { Tag } from '../../parts/Status.tsx';
import { Time } from '../../parts/Time.tsx';
import { Figures } from './Figures.tsx';
import { Health } from './Health.tsx';
import { OpenAlerts } from './OpenAlerts.tsx';
import { Span } from './Span.tsx';
import { verdictOf } from './verdict.ts';
import { WorstEndpoints } from './WorstEndpoints.tsx';
import './overview.css';

const Traffic = lazyPart(() => import('./Traffic.tsx').then((module) => module.Traffic));
const route = getRouteApi('/');
/** Of what no stream tells: whether the stores and workers are there. */
const statusMs = 10_000;
/** So often the figures are counted. */
const figuresMs = 10_000;
const figuresRestMs = 30_000;

export function Overview() {
  const { window = '1h', tenant: chosen } = route.useSearch();
  const bound = useBoundTo();
  const tenant = bound ?? chosen;
  const { stats, alerts, status } = useOverview(window, tenant, bound !== null);
  const isFirstRun = useIsFirstRun();
  // a filter in the address means that somebody came on purpose
  if (isFirstRun && chosen === undefined) return <Navigate to="/welcome" replace />;
  const verdict = alerts.data && !status.isLoading ? verdictOf(alerts.data.data, status.data?.warnings ?? []) : null;
  return (
    <Page title="Overview" actions={<Span window={window} tenant={tenant} />}>
      <p className="verdict" role="status">
        {verdict && <Tag tone={verdict.tone}>{verdict.text}</Tag>}
        {stats.dataUpdatedAt > 0 && (
          <span className="quiet">
            Figures of <Time at={new Date(stats.dataUpdatedAt).toISOString()} />
          </span>
        )}
      </p>
      {stats.error && !stats.data && <Problem error={stats.error} onRetry={() => void stats.refetch()} />}
      {!stats.data && !stats.error && <Skeleton rows={12} />}
      {stats.data && (
        <>
          <Figures tenant={tenant} stats={stats.data} window={window} status={status.data} />
          <Suspense fallback={<Skeleton rows={6} />}>
            <div className="overview-chart">
              <Traffic stats={stats.data} window={window} />
            </div>
          </Suspense>
        </>
      )}
      <div className="overview-lists">
        <WorstEndpoints window={window} tenant={tenant} />
        {alerts.data && <OpenAlerts alerts={alerts.data.data} />}
        {alerts.error && !alerts.data && <Problem error={alerts.error} />}
      </div>
      {status.data && <Health status={status.data} />}
    </Page>
  );
}

function useOverview(window: StatsWindow, tenant: string | undefined, isBound: boolean) {
  useFresh([['stats'], ['worst-endpoints']], ({ deliveries }) => deliveries.size > 0, { everyMs: figuresMs });
  const stats = useQuery({
    queryKey: ['stats', { window, tenant }],
    queryFn: ({ signal }) =>
      tenant === undefined ? posthorn.stats({ window }, { signal }) : posthorn.tenants.stats(tenant, { window }, { signal }),
    refetchInterval: figuresRestMs,
  });
  const alerts = useQuery({
    queryKey: ['alerts', { state: ['open', 'acknowledged'], tenant }],
    queryFn: ({ signal }) =>
      posthorn.alerts.list({ state: ['open', 'acknowledged'], limit: 100, ...(tenant && { tenant }) }, { signal }).page(),
    refetchInterval: restMs,
  });
  const status = useQuery({
    queryKey: ['status'],
    queryFn: ({ signal }) => posthorn.status({ signal }),
    refetchInterval: statusMs,
    enabled: !isBound,
  });
  return { stats, alerts, status };
}
