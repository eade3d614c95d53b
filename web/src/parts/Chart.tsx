// Lines over time, on one canvas (uPlot), in the colours of the theme. Screen readers get the sentence of `summary`.
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import { regional } from '../words/format.ts';
import { useWords } from '../words/words.tsx';
import 'uplot/dist/uPlot.min.css';
import './chart.css';

export interface Series {
  label: string;
  /** The name of a token. @example '--good' */
  color: string;
  /** One for each time; null: unknown. */
  values: readonly (number | null)[];
}

export interface ChartProps {
  /** What is seen, in a sentence. */
  summary: string;
  /** Unix milliseconds, ascending. */
  times: readonly number[];
  series: readonly Series[];
  height?: number;
  /** A number of the vertical axis as text. */
  format?: (value: number) => string;
}

/** Import it lazily where it is not the first thing that is seen: uPlot is 50 KiB. */
export function Chart({ summary, times, series, height = 200, format }: ChartProps) {
  const { locale, time } = useWords();
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const data = [times.map((ms) => ms / 1_000), ...series.map(({ values }) => [...values])] as uPlot.AlignedData;
    const show = format ?? ((value: number) => value.toLocaleString(locale));
    let plot = new uPlot(optionsOf(element, { series, height, show, locale, time }), data, element);
    const redraw = () => {
      plot.destroy();
      plot = new uPlot(optionsOf(element, { series, height, show, locale, time }), data, element);
    };
    const resized = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    resized.observe(element);
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', redraw);
    addEventListener('themechange', redraw);
    return () => {
      resized.disconnect();
      dark.removeEventListener('change', redraw);
      removeEventListener('themechange', redraw);
      plot.destroy();
    };
  }, [times, series, height, format, locale, time]);
  return (
    <figure className="chart">
      <div ref={host} role="img" aria-label={summary} />
    </figure>
  );
}

interface Look {
  series: readonly Series[];
  height: number;
  show: (value: number) => string;
  locale: string;
  /** What the times are called. */
  time: string;
}

function optionsOf(element: HTMLElement, { series, height, show, locale, time }: Look): uPlot.Options {
  const style = getComputedStyle(element);
  const color = (token: string) => resolved(element, token);
  const axis = {
    stroke: color('--quiet'),
    grid: { stroke: color('--line'), width: 1 },
    ticks: { show: false },
    font: `12px ${style.fontFamily}`,
  };
  return {
    width: element.clientWidth,
    height,
    cursor: { y: false, points: { size: 6 } },
    scales: { y: { range: (_plot, _min, max) => [0, Math.max(1, max * 1.1)] } },
    axes: [
      { ...axis, space: 80, values: (_plot, ticks) => timesOf(ticks, locale) },
      { ...axis, size: 56, values: (_plot, ticks) => ticks.map(show) },
    ],
    series: [
      {
        label: time,
        value: (plot: uPlot, at: number | null, of: number, index: number | null) =>
          asText(shown(plot, at, of, index), (one) => whole(one, locale)),
      },
      ...series.map(({ label, color: token }) => ({
        label,
        stroke: color(token),
        width: 1.5,
        // a value alone has no line
        points: { show: false, size: 5, filter: (plot: uPlot, index: number) => alone(plot.data[index] ?? []) },
        value: (plot: uPlot, value: number | null, of: number, index: number | null) => asText(shown(plot, value, of, index), show),
      })),
    ],
  };
}

/** What the legend says of a line: the value under the pointer, else the newest. */
const shown = (plot: uPlot, value: number | null, of: number, index: number | null) => (index === null ? plot.data[of]?.at(-1) : value);
const asText = (value: number | null | undefined, show: (value: number) => string) => (value == null ? '–' : show(value));

/** The times under the chart, in Unix seconds: of a day, or the dates when they are days apart. */
function timesOf(ticks: number[], locale: string): string[] {
  const isDays = (ticks[1] ?? 0) - (ticks[0] ?? 0) >= 86_400;
  const format = new Intl.DateTimeFormat(
    regional(locale),
    isDays ? { day: 'numeric', month: 'short' } : { hour: '2-digit', minute: '2-digit' },
  );
  const day = new Intl.DateTimeFormat(regional(locale), { day: 'numeric', month: 'short' });
  return ticks.map((at, index) => {
    const date = new Date(at * 1_000);
    const isMidnight = date.getHours() === 0 && date.getMinutes() === 0;
    return !isDays && index > 0 && isMidnight ? day.format(date) : format.format(date);
  });
}

const whole = (at: number, locale: string) =>
  new Date(at * 1_000).toLocaleString(regional(locale), { dateStyle: 'medium', timeStyle: 'short' });

/** The places of values that have none beside them. */
function alone(values: ArrayLike<number | null | undefined>): number[] {
  const isThere = (index: number) => values[index] !== null && values[index] !== undefined;
  return Array.from(values, (_, index) => index).filter((index) => isThere(index) && !isThere(index - 1) && !isThere(index + 1));
}

/** A canvas knows no CSS variables and no light-dark(). */
function resolved(element: HTMLElement, token: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${token})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
