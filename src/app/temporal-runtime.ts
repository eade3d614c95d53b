// The runtime of Temporal's SDK, one for each process: sends the log of the SDK and of its native core to ours, and
// takes over its metrics. Called once by each command, before anything connects to Temporal.
import { DefaultLogger, MetricsBuffer, Runtime } from '@temporalio/worker';
import type { Logger } from '#runtime/logger';
import { temporalMetrics } from '#telemetry/temporal-metrics';
import { pollWatch } from '#temporal/poll-watch';

/** The busiest worker reports some 3,000 changes a second. What exceeds the buffer, the SDK drops and logs. */
const bufferedUpdates = 10_000;
const takeEveryMs = 500;
const repeatAfterMs = 60_000;

/** Turns off the SDK's own signal handling, because each command stops everything in order. */
export function installRuntime(log: Logger): void {
  const isDropped = repeatsOf("Core's metrics buffer is full");
  const buffer = new MetricsBuffer({ maxBufferSize: bufferedUpdates, useSecondsForDurations: true });
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
      // the lane worker has no workflows on purpose
      if (message.startsWith('No workflows registered') || isDropped(message)) return;
      // the fields of a warning of the native core are its own
      const line = { ...meta, level: undefined, time: undefined, msg: undefined };
      if (level === 'ERROR') log.error(line, message);
      else log.warn(line, message);
    }),
    telemetryOptions: {
      // without `forward` the native core prints text to the terminal
      logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } },
      metrics: { buffer },
    },
  });
  setInterval(() => takeUpdates(buffer), takeEveryMs).unref();
}

/** True for a message that begins so if the one before is less than a minute old: the core logs each dropped change. */
function repeatsOf(beginning: string): (message: string) => boolean {
  let loggedAt = Number.NEGATIVE_INFINITY;
  return (message) => {
    if (!message.startsWith(beginning)) return false;
    const isRepeat = performance.now() - loggedAt < repeatAfterMs;
    if (!isRepeat) loggedAt = performance.now();
    return isRepeat;
  };
}

function takeUpdates(buffer: MetricsBuffer): void {
  for (const update of buffer.retrieveUpdates()) {
    temporalMetrics.record(update);
    pollWatch.record(update);
  }
}
