// The metrics of several processes as one page: counters that never fall, gauges of those that run.
import { Counter, Gauge, Histogram, Registry } from '@prometheus-io/client';
import { expect, it } from 'vitest';
import { type Metrics, SummedMetrics } from '#telemetry/summed-metrics';

function metricsOf(events: number): Promise<Metrics> {
  const registry = new Registry();
  const registers = [registry];
  new Counter({ name: 'events_total', help: 'Events.', labelNames: ['kind'], registers }).inc({ kind: 'a' }, events);
  const seconds = new Histogram({ name: 'seconds', help: 'Seconds.', buckets: [1, 5], registers });
  for (let n = 0; n < events; n++) seconds.observe(2);
  new Gauge({ name: 'in_flight', help: 'In flight.', registers }).set(events);
  new Gauge({ name: 'away', help: 'Away.', aggregator: 'max', registers }).set(1);
  return registry.getMetricsAsJSON();
}

async function page(sums: SummedMetrics): Promise<string[]> {
  const { text } = await sums.page([]);
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

it('adds up counters, histograms and gauges, and takes the maximum where that is asked for', async () => {
  const sums = new SummedMetrics();
  sums.read(1, await metricsOf(3));
  sums.read(2, await metricsOf(4));
  expect(await page(sums)).toEqual([
    'events_total{kind="a"} 7',
    'seconds_bucket{le="1"} 0',
    'seconds_bucket{le="5"} 7',
    'seconds_bucket{le="+Inf"} 7',
    'seconds_sum 14',
    'seconds_count 7',
    'in_flight 7',
    'away 1',
  ]);
});

it('keeps the counters of a process that ended, and of one that does not answer, but not their gauges', async () => {
  const sums = new SummedMetrics();
  for (const pid of [1, 2, 3]) sums.read(pid, await metricsOf(pid));
  sums.ended(1);
  sums.read(2, null);
  const lines = ['events_total{kind="a"} 6', 'seconds_count 6', 'in_flight 3', 'away 1'];
  expect(await page(sums)).toEqual(expect.arrayContaining(lines));
  sums.ended(2);
  sums.ended(3);
  sums.ended(4);
  sums.read(5, await metricsOf(1));
  expect(await page(sums)).toEqual(expect.arrayContaining(['events_total{kind="a"} 7', 'in_flight 1']));
});
