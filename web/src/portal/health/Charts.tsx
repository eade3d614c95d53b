// Attempts and latency over time.
import type { Stats } from '@posthorn/client';
import { useCallback, useMemo } from 'react';
import { Chart } from '../../parts/Chart.tsx';
import { duration } from '../../words/format.ts';
import { useWords } from '../../words/words.tsx';
import { useTexts } from '../shell/words/language.tsx';
import { healthTexts } from './texts.ts';

const timesOf = ({ series }: Stats) => series.map(({ at }) => Date.parse(at));

export function AttemptsChart({ stats }: { stats: Stats }) {
  const [texts, { locale }] = [useTexts(healthTexts), useWords()];
  const times = useMemo(() => timesOf(stats), [stats]);
  const series = useMemo(
    () => [
      { label: texts.delivered, color: '--good', values: stats.series.map(({ delivered }) => delivered) },
      { label: texts.failed, color: '--bad', values: stats.series.map(({ failed }) => failed) },
    ],
    [stats, texts],
  );
  const { delivered, failed } = stats.totals;
  return <Chart summary={texts.summary(delivered.toLocaleString(locale), failed.toLocaleString(locale))} times={times} series={series} />;
}

export function LatencyChart({ stats }: { stats: Stats }) {
  const [texts, { locale }] = [useTexts(healthTexts), useWords()];
  const times = useMemo(() => timesOf(stats), [stats]);
  const format = useCallback((ms: number) => duration(ms, locale), [locale]);
  const series = useMemo(
    () => [
      { label: texts.half, color: '--accent', values: stats.series.map(({ latencyMs }) => latencyMs.p50) },
      { label: texts.slow, color: '--warning', values: stats.series.map(({ latencyMs }) => latencyMs.p95) },
    ],
    [stats, texts],
  );
  const { p50, p95 } = stats.totals.latencyMs;
  const summary = texts.latencySummary(format(p50 ?? 0), format(p95 ?? 0));
  return <Chart summary={summary} times={times} series={series} format={format} />;
}
