// The default Node.js metrics of the Prometheus client library. Its timers and observers cannot be
// stopped, so they are created once in a process, and only if it serves a metrics page.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { collectDefaultMetrics, Gauge, Registry } from '@prometheus-io/client';

/** The longest interval of a timer. */
const never = 2 ** 31 - 1;
const lookEveryMs = 200;
const utilizationEveryMs = 2_000;

let registry: Registry | undefined;

/** Measures from the first call on. Later calls return the same registry. */
export function processMetrics(): Registry {
  if (registry) return registry;
  registry = new Registry();
  // by default it wakes the process 110 times a second to watch the event loop, also when nothing happens
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: never, eventLoopUtilizationTimeout: utilizationEveryMs });
  watchEventLoop(registry);
  return registry;
}

/** Replaces the library's metrics of the delays of the event loop since the last reading by those of a watch that wakes rarely. */
function watchEventLoop(register: Registry): void {
  const delays = monitorEventLoopDelay({ resolution: lookEveryMs });
  delays.enable();
  const seconds = (nanoseconds: number) => (delays.count === 0 ? 0 : Math.max(0, nanoseconds / 1e9 - lookEveryMs / 1_000));
  const facts = [
    { name: 'min', what: 'minimum', aggregator: 'min', read: () => seconds(delays.min) },
    { name: 'max', what: 'maximum', aggregator: 'max', read: () => seconds(delays.max) },
    { name: 'mean', what: 'mean', aggregator: 'average', read: () => seconds(delays.mean) },
    { name: 'stddev', what: 'standard deviation', aggregator: 'average', read: () => delays.stddev / 1e9 || 0 },
    { name: 'p50', what: '50th percentile', aggregator: 'average', read: () => seconds(delays.percentile(50)) },
    { name: 'p90', what: '90th percentile', aggregator: 'average', read: () => seconds(delays.percentile(90)) },
    { name: 'p99', what: '99th percentile', aggregator: 'average', read: () => seconds(delays.percentile(99)) },
  ] as const;
  const gauges = facts.map(({ name: short, what, aggregator }, index) => {
    const name = `nodejs_eventloop_lag_${short}_seconds`;
    register.removeSingleMetric(name);
    const help = `The ${what} of the delays of the event loop.`;
    // the first one is collected first, and reads for all
    return new Gauge({ name, help, aggregator, registers: [register], ...(index === 0 && { collect: readAll }) });
  });
  function readAll(): void {
    for (const [index, { read }] of facts.entries()) gauges[index]?.set(read());
    delays.reset();
  }
}
