// Adds up the metrics of several processes into one page. Counters never fall: those of a process that has ended, or
// does not answer, count as they were last read.
import { Registry } from '@prometheus-io/client';

/** The metrics of one process, as its registries give them. */
export type Metrics = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

/** In the Prometheus text format. */
export interface Page {
  type: string;
  text: string;
}

export class SummedMetrics {
  /** By process. */
  readonly #last = new Map<number, Metrics>();
  /** Counters and histograms of processes that have ended. */
  #ended: Metrics = [];

  /** `metrics`: null if the process did not answer. */
  read(pid: number, metrics: Metrics | null): void {
    this.#last.set(pid, metrics ?? this.#growing(pid));
  }

  ended(pid: number): void {
    this.#ended = Registry.aggregate([this.#ended, this.#growing(pid)]).getMetricsAsArray() as Metrics;
    this.#last.delete(pid);
  }

  #growing(pid: number): Metrics {
    return this.#last.get(pid)?.filter(({ type }) => type === 'counter' || type === 'histogram') ?? [];
  }

  /** `first`: metrics whose way of being added up applies to those of all processes. */
  async page(first: Metrics): Promise<Page> {
    const text = await Registry.aggregate([first, ...this.#last.values(), this.#ended]).metrics();
    return { type: Registry.PROMETHEUS_CONTENT_TYPE, text };
  }
}
