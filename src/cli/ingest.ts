// `posthorn ingest outbox|kafka|amqp`: takes in events from the database of a producer or from a broker, and posts them to
// the HTTP API. It needs nothing of Posthorn but its URL and a key.
import { ConfigError, readConfig } from '#config/config';
import { readIngestConfig } from '#config/ingest';
import { sources } from '#ingest/sources';
import { createLogger } from '#runtime/logger';
import { onStopSignal } from './terminal/stop-signals.ts';

const usage = `Usage: posthorn ingest outbox|kafka|amqp

  outbox   reads the table in which a producer writes events in its own transactions
  kafka    reads topics of Kafka
  amqp     reads a queue of RabbitMQ

POSTHORN_URL and POSTHORN_API_KEY name the API. docs/ingest.md describes the other settings.`;

/** After so long it ends with requests in flight: their events are posted again, as duplicates. */
const stopWithinMs = 35_000;

/** Works until SIGINT, SIGTERM or SIGHUP, and ends the process when nothing is in flight. Throws ConfigError. */
export async function ingestCommand([source, ...others]: string[]): Promise<void> {
  if (source === '--help' || source === '-h') return void process.stdout.write(`${usage}\n`);
  if (source === undefined || others.length > 0 || !Object.hasOwn(sources, source)) throw new ConfigError(usage);
  const { needed, work } = sources[source as keyof typeof sources];
  const config = readIngestConfig(needed);
  const log = createLogger(readConfig().LOG_LEVEL);
  const stop = new AbortController();
  onStopSignal(() => {
    stop.abort();
    setTimeout(() => {
      log.warn('ingest.stopped_with_requests_in_flight');
      process.exit(0);
    }, stopWithinMs);
  });
  await work(config, stop.signal, log);
  // the client of a broker that does not answer may keep its socket open
  process.exit(0);
}
