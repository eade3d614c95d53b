// Parses a Prometheus text page, and the list of metrics in the docs.
import { readFileSync } from 'node:fs';

export interface PrometheusPage {
  text: string;
  type: string | null;
  /**
   * The value of a series, such as `posthorn_attempts_total{outcome="accepted"}`; undefined: the page does not have it.
   */
  value(series: string): number | undefined;
  all: Record<string, number>;
  /** The names that begin with `prefix`, by default those of Posthorn, from their TYPE lines. */
  names(prefix?: 'posthorn' | 'temporal'): string[];
}

/** Throws on a line that Prometheus could not parse. */
export async function readMetrics(origin: string): Promise<PrometheusPage> {
  const response = await fetch(`${origin}/metrics`);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status}: ${text}`);
  const series = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || /^# (HELP|TYPE) [a-z_0-9]+ \S/.test(line)) continue;
    const [, name, value] = /^([a-z_0-9]+(?:\{[a-z_]+="[^"]*"(?:,[a-z_]+="[^"]*")*\})?) (\S+)$/.exec(line) ?? [];
    if (name === undefined || series.has(name)) throw new Error(`not to be read: ${line}`);
    series.set(name, Number(value));
  }
  return {
    text,
    type: response.headers.get('content-type'),
    all: Object.fromEntries(series),
    value: (name) => series.get(name),
    names: (prefix = 'posthorn') =>
      [...text.matchAll(/^# TYPE ([a-z_]+) /gm)].map(([, name]) => name ?? '').filter((name) => name.startsWith(`${prefix}_`)),
  };
}

/** The metrics of docs/metrics.md that begin with `prefix`. */
export function documented(prefix: string): string[] {
  const rows = readFileSync('docs/metrics.md', 'utf8').matchAll(/^\| `([a-z_]+)(?:\{[a-z_,]+\})?` \|/gm);
  return [...rows].map(([, name]) => name ?? '').filter((name) => name.startsWith(`${prefix}_`));
}
