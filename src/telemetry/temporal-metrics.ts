// The metrics of Temporal's SDK, as its Prometheus exporter would name them. The SDK reports each change; what this table
// does not list is dropped. One registry for each process, because the SDK has one runtime in a process.
import { Counter, Gauge, Histogram, Registry } from '@prometheus-io/client';
import type { BufferedMetricUpdate } from '@temporalio/worker';

interface Kept {
  kind: 'counter' | 'gauge' | 'seconds';
  help: string;
  /** The SDK's labels that are kept. Namespace and name of the service are the same for a whole process. */
  labels: string[];
}

const latencyBuckets = [0.01, 0.05, 0.1, 0.5, 1, 5, 30];
const counter = (help: string, ...labels: string[]): Kept => ({ kind: 'counter', help, labels });
const gauge = (help: string, ...labels: string[]): Kept => ({ kind: 'gauge', help, labels });
const seconds = (help: string, ...labels: string[]): Kept => ({ kind: 'seconds', help, labels });

/** By the SDK's name without its prefix `temporal_`. */
const kept: Record<string, Kept> = {
  workflow_task_schedule_to_start_latency: seconds('Time that a workflow task waited in its task queue.', 'task_queue'),
  workflow_task_execution_latency: seconds('Time that a worker took for a workflow task.'),
  workflow_task_execution_failed: counter(
    'Workflow tasks that failed, so that their workflow makes no progress.',
    'workflow_type',
    'failure_reason',
  ),
  workflow_failed: counter('Workflows that failed.', 'workflow_type'),
  workflow_continue_as_new: counter('Workflows that continued as new.', 'workflow_type'),
  workflow_task_queue_poll_empty: counter('Polls for workflow tasks that brought none.', 'task_queue'),
  workflow_task_queue_poll_succeed: counter('Polls for workflow tasks that brought one.', 'task_queue'),
  activity_schedule_to_start_latency: seconds('Time that an activity waited in its task queue.', 'task_queue'),
  activity_execution_failed: counter('Activities that failed by an internal error.', 'activity_type'),
  activity_poll_no_task: counter('Polls for activities that brought none.', 'task_queue'),
  local_activity_execution_failed: counter('Local activities that failed by an internal error.', 'activity_type'),
  num_pollers: gauge('Polls in progress.', 'task_queue', 'poller_type'),
  worker_task_slots_available: gauge('Free slots of a worker.', 'task_queue', 'worker_type'),
  worker_task_slots_used: gauge('Used slots of a worker.', 'task_queue', 'worker_type'),
  sticky_cache_size: gauge('Workflows in the cache of a worker.', 'task_queue'),
  sticky_cache_miss: counter('Workflows that had to be replayed because they were not in the cache.', 'task_queue'),
  sticky_cache_total_forced_eviction: counter('Workflows removed from a full cache.', 'task_queue'),
  request: counter('Calls to Temporal.', 'operation'),
  request_failure: counter('Calls to Temporal that failed.', 'operation', 'status_code'),
  request_latency: seconds('Duration of calls to Temporal.'),
  long_request_failure: counter('Polls that failed.', 'operation', 'status_code'),
};

const nameOf = (name: string, { kind }: Kept) => `temporal_${name}${{ counter: '_total', gauge: '', seconds: '_seconds' }[kind]}`;

/** The names of all metrics that can appear on a page. */
export const temporalMetricNames = Object.entries(kept).map(([name, one]) => nameOf(name, one));

type RecordValue = (value: number) => void;
type AnyMetric = Counter<string> | Gauge<string> | Histogram<string>;
type Attributes = BufferedMetricUpdate['attributes'];

class TemporalMetrics {
  readonly registry = new Registry();
  /** By the SDK's objects for a metric and for labels, which it passes again with each change. */
  readonly #known = new WeakMap<object, Pick<SeriesOf, 'record'>>();
  /** The SDK may use several objects for one metric. */
  readonly #metrics = new Map<string, AnyMetric>();

  record({ metric, value, attributes }: BufferedMetricUpdate): void {
    let series = this.#known.get(metric);
    if (!series) {
      series = this.#open(metric.name.replace(/^temporal_/, ''));
      this.#known.set(metric, series);
    }
    series.record(attributes, value);
  }

  #open(name: string): Pick<SeriesOf, 'record'> {
    const shape = kept[name];
    if (!shape) return dropped;
    const metric = this.#metrics.get(name) ?? this.#create(name, shape);
    this.#metrics.set(name, metric);
    return new SeriesOf((attributes) => {
      const labels = Object.fromEntries(shape.labels.map((label) => [label, String(attributes[label] ?? '')]));
      if (metric instanceof Histogram) return bind(metric.labels(labels), 'observe');
      if (metric instanceof Gauge) return bind(metric.labels(labels), 'set');
      return bind(metric.labels(labels), 'inc');
    });
  }

  #create(shortName: string, one: Kept): AnyMetric {
    const { kind, help, labels: labelNames } = one;
    const common = { name: nameOf(shortName, one), help, labelNames, registers: [this.registry] };
    if (kind === 'gauge') return new Gauge(common);
    if (kind === 'counter') return new Counter(common);
    return new Histogram({ ...common, buckets: latencyBuckets });
  }
}

/** The series of one metric, by their labels. */
class SeriesOf {
  readonly #open: (attributes: Attributes) => RecordValue;
  readonly #known = new WeakMap<Attributes, RecordValue>();

  constructor(open: (attributes: Attributes) => RecordValue) {
    this.#open = open;
  }

  record(attributes: Attributes, value: number): void {
    let record = this.#known.get(attributes);
    if (!record) {
      record = this.#open(attributes);
      this.#known.set(attributes, record);
    }
    record(value);
  }
}

function bind<M extends string>(series: { [name in M]: RecordValue }, method: M): RecordValue {
  return (value) => series[method](value);
}

const dropped = { record: () => undefined };

/** Of this process. */
export const temporalMetrics = new TemporalMetrics();
