// What was accepted, delivered and refused over time, in one chart.
import type { Stats, StatsWindow } from '@posthorn/client';
import { useMemo } from 'react';
import { Chart, type Series } from '../../parts/Chart.tsx';
import { count } from '../../words/format.ts';
import { useWords } from '../../words/words.tsx';
import { perMinute, rateOf, windows } from './figures.ts';

export function Traffic({ stats, window }: { stats: Stats; window: StatsWindow }) {
  const { locale } = useWords();
  const times = useMemo(() => stats.series.slice(0, -1).map(({ at }) => Date.parse(at)), [stats]);
  const series = useMemo<Series[]>(
    () => [
      { label: 'Events accepted', color: '--quiet', values: rateOf(stats, window, ({ events = 0 }) => events).line },
      { label: 'Delivered', color: '--good', values: rateOf(stats, window, ({ delivered }) => delivered).line },
      { label: 'Failed attempts', color: '--bad', values: rateOf(stats, window, ({ failed }) => failed).line },
    ],
    [stats, window],
  );
  const format = useMemo(() => (value: number) => perMinute(value, locale), [locale]);
  const { events = 0, delivered, failed } = stats.totals;
  const summary = `In the last ${windows[window].text}: ${count(events, locale)} events accepted, ${count(delivered, locale)} attempts delivered, ${count(failed, locale)} failed.`;
  return <Chart summary={summary} times={times} series={series} format={format} />;
}
