// The default Node.js metrics of the Prometheus client library. Its timers and observers cannot be
// stopped, so they are created once in a process, and only if it serves a metrics page.
import { collectDefaultMetrics, Registry } from '@prometheus-io/client';

let registry: Registry | undefined;

/** Measures from the first call on. Later calls return the same registry. */
export function processMetrics(): Registry {
  if (registry) return registry;
  registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}
