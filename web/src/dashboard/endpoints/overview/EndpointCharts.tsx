// Deliveries and durations of an endpoint over time.
import type { Stats } from '@posthorn/client';
import { Suspense, useMemo } from 'react';
import { lazyPart } from '../../../parts/lazy-page.ts';
import { Skeleton } from '../../../parts/States.tsx';
import { count, duration } from '../../../words/format.ts';
import './endpoint-charts.css';

const Chart = lazyPart(() => import('../../../parts/Chart.tsx').then((module) => module.Chart));

const heightPx = 180;
const inEnglish = (ms: number) => duration(ms, 'en');

export function EndpointCharts({ stats, window }: { stats: Stats; window: string }) {
  const { times, traffic, latency } = useMemo(() => linesOf(stats), [stats]);
  const { delivered, failed, latencyMs } = stats.totals;
  const slow = latencyMs.p95 === null ? 'Nothing was sent' : `95 of 100 requests took at most ${duration(latencyMs.p95, 'en')}`;
  return (
    <Suspense fallback={<Skeleton rows={6} />}>
      <div className="endpoint-charts">
        <div>
          <h3>Attempts</h3>
          <Chart
            summary={`Attempts over the last ${window}: ${count(delivered, 'en')} accepted, ${count(failed, 'en')} failed.`}
            times={times}
            series={traffic}
            height={heightPx}
          />
        </div>
        <div>
          <h3>Duration of requests</h3>
          <Chart summary={`${slow}, over the last ${window}.`} times={times} series={latency} height={heightPx} format={inEnglish} />
        </div>
      </div>
    </Suspense>
  );
}

function linesOf({ series }: Stats) {
  return {
    times: series.map(({ at }) => Date.parse(at)),
    traffic: [
      { label: 'Accepted', color: '--good', values: series.map(({ delivered }) => delivered) },
      { label: 'Failed', color: '--bad', values: series.map(({ failed }) => failed) },
    ],
    latency: [
      { label: 'p50', color: '--accent', values: series.map(({ latencyMs }) => latencyMs.p50) },
      { label: 'p95', color: '--warning', values: series.map(({ latencyMs }) => latencyMs.p95) },
    ],
  };
}
