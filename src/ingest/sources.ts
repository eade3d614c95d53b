// Where `posthorn ingest` takes events from, with the settings that each source needs.
import type { IngestConfig } from '#config/ingest';
import { createPool } from '#db/store/pool';
import type { Logger } from '#runtime/logger';
import { consumeAmqp } from './amqp.ts';
import { keepRunning } from './backoff.ts';
import { consumeKafka } from './kafka.ts';
import { OutboxRelay } from './outbox-relay.ts';
import { Poster } from './poster.ts';

/** Resolves when the signal is aborted and nothing is in flight. */
type Work = (config: IngestConfig, signal: AbortSignal, log: Logger) => Promise<void>;

export const sources = {
  outbox: { needed: ['POSTHORN_API_KEY', 'POSTHORN_INGEST_DATABASE_URL'], work: relayOutbox },
  kafka: { needed: ['POSTHORN_API_KEY', 'POSTHORN_INGEST_KAFKA_BROKERS', 'POSTHORN_INGEST_KAFKA_TOPICS'], work: takeKafka },
  amqp: { needed: ['POSTHORN_API_KEY', 'POSTHORN_INGEST_AMQP_URL', 'POSTHORN_INGEST_AMQP_QUEUE'], work: takeAmqp },
} satisfies Record<string, { needed: (keyof IngestConfig)[]; work: Work }>;

const posterOf = (config: IngestConfig) => new Poster(config.POSTHORN_URL, config.POSTHORN_API_KEY);

async function relayOutbox(config: IngestConfig, signal: AbortSignal, log: Logger): Promise<void> {
  const onError = (error: Error) => log.debug({ err: error }, 'ingest.connection_lost');
  const db = createPool({ url: config.POSTHORN_INGEST_DATABASE_URL ?? '', max: 5, onError });
  const options = {
    table: config.POSTHORN_INGEST_TABLE,
    tenant: config.POSTHORN_INGEST_TENANT ?? null,
    concurrency: config.POSTHORN_INGEST_CONCURRENCY,
  };
  await new OutboxRelay(db, posterOf(config), options, log).run(signal);
  await db.end();
}

function takeKafka(config: IngestConfig, signal: AbortSignal, log: Logger): Promise<void> {
  return keepRunning(() => consumeKafka({ config, poster: posterOf(config), mapping: mappingOf(config), log }, signal), signal, log);
}

function takeAmqp(config: IngestConfig, signal: AbortSignal, log: Logger): Promise<void> {
  return keepRunning(() => consumeAmqp({ config, poster: posterOf(config), mapping: mappingOf(config), log }, signal), signal, log);
}

const mappingOf = (config: IngestConfig) => ({
  tenant: config.POSTHORN_INGEST_TENANT,
  type: config.POSTHORN_INGEST_TYPE,
  headers: config.POSTHORN_INGEST_HEADERS,
});
