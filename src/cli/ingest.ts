// `posthorn ingest outbox|kafka|amqp`: takes in events from the database of a producer or from a broker, and posts them to
// the HTTP API. It needs nothing of Posthorn but its URL and a key.
import { ConfigError, readConfig } from '#config/config';
import { readIngestConfig } from '#config/ingest';
import { sources } from '#ingest/sources';
import { createLogger } from '#runtime/logger';

const usage = `Usage: posthorn ingest outbox|kafka|amqp

  outbox   reads the table in which a producer writes events in its own transactions
  kafka    reads topics of Kafka
  amqp     reads a queue of RabbitMQ

POSTHORN_URL and POSTHORN_API_KEY name the API. docs/ingest.md describes the other settings.`;

/** Works until SIGINT, SIGTERM or SIGHUP; resolves when nothing is in flight. Throws ConfigError. */
export async function ingestCommand([source, ...others]: string[]): Promise<void> {
  if (source === '--help' || source === '-h') return void process.stdout.write(`${usage}\n`);
  if (source === undefined || others.length > 0 || !Object.hasOwn(sources, source)) throw new ConfigError(usage);
  const { needed, work } = sources[source as keyof typeof sources];
  const config = readIngestConfig(needed);
  const log = createLogger(readConfig().LOG_LEVEL);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
  await work(config, stop.signal, log);
}
