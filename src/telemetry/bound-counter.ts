// Counters whose label values are known.
import { Counter, type Registry } from '@prometheus-io/client';

/**
 * A counter with one child for each label value, created once: counting allocates nothing, and values that never
 * occurred read 0.
 */
export function bound<T extends string>(
  registry: Registry,
  name: string,
  help: string,
  label: string,
  values: readonly T[],
): Record<T, { inc(by?: number): void }> {
  const counter = new Counter({ name, help, labelNames: [label], registers: [registry] });
  const children = values.map((value) => {
    counter.inc({ [label]: value }, 0);
    return [value, counter.labels(value)] as const;
  });
  return Object.fromEntries(children) as Record<T, { inc(by?: number): void }>;
}
