// The result table of a bench, in aligned Markdown.
import type { Times } from './figures.ts';
import type { RunResult } from './scenario.ts';

const heading = [
  'scenario',
  'mode',
  'events',
  'accepted/s',
  'deliveries/s',
  'accept p50 / p99 ms',
  'end to end p50 / p99 ms',
  'CPU-ms a delivery',
  'Posthorn + Temporal + PostgreSQL',
  'load',
  'peak MiB P + T + Pg',
  'lost',
  'duplicates',
  'notes',
];

export function tableOf(results: readonly RunResult[]): string {
  const rows = [heading, ...results.map(rowOf)];
  const widths = heading.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = '', ...body] = rows.map(line);
  return [head, line(widths.map((width) => '-'.repeat(width))), ...body].join('\n');
}

function rowOf(result: RunResult): string[] {
  const { deliveries, cpuMs, peakMiB } = result;
  const cost = (...groups: string[]) => groups.reduce((sum, group) => sum + (cpuMs[group] ?? Number.NaN), 0) / deliveries;
  const ours = Object.keys(cpuMs).filter((group) => !['temporal', 'postgres', 'bench'].includes(group));
  return [
    result.scenario,
    result.mode,
    result.cutFrom ? `${result.events} of ${result.cutFrom}` : String(result.events),
    number(result.acceptedPerSecond),
    number(result.deliveriesPerSecond),
    pair(result.accept),
    pair(result.endToEnd),
    number(cost(...ours, 'temporal', 'postgres')),
    [cost(...ours), cost('temporal'), cost('postgres')].map(number).join(' + '),
    number(cost('bench')),
    [peakMiB.posthorn, peakMiB.temporal, peakMiB.postgres].map((size) => (size ? size.toFixed(0) : '?')).join(' + '),
    String(result.lost),
    String(result.duplicates),
    notes(result).join('; '),
  ];
}

function notes({ crash, refused, scenario, memory, endToEnd, late, remarks = [] }: RunResult): string[] {
  const lines = Object.entries(refused).map(([status, count]) => `${count} answered ${status}`);
  lines.push(...remarks);
  if (scenario === 'onset') lines.push(`worst ${number(endToEnd.max)} ms`);
  if (crash) {
    const { openAtKill, unrecordedAtKill, recoveredMs } = crash;
    lines.push(
      `all delivered ${number(recoveredMs)} ms after the restart`,
      `at the kill ${openAtKill} open, ${unrecordedAtKill} unrecorded`,
    );
  }
  if (late.p50 > Math.max(0.2, endToEnd.p50 / 20)) lines.push(`the load itself was late by p50 ${number(late.p50)} ms`);
  // the first minute fills the caches
  const [first, last] = [memory.find(([second]) => second >= 60), memory.at(-1)];
  if (scenario === 'soak' && first && last)
    lines.push(`Posthorn ${first[1].toFixed(0)} MiB after a minute, ${last[1].toFixed(0)} MiB at the end`);
  return lines;
}

const pair = ({ p50, p99 }: Times) => `${number(p50)} / ${number(p99)}`;

function number(value: number): string {
  if (!Number.isFinite(value)) return '?';
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
