// What the client library tells of any Node process. Its timers and observers cannot be ended, so a process has them once, and only where a page is
// served.
import { collectDefaultMetrics, Registry } from '@prometheus-io/client';

let registry: Registry | undefined;

/** Measured from the first call on. */
export function processMetrics(): Registry {
  if (registry) return registry;
  registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}
