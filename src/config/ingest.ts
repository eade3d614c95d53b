// Reads the settings of `posthorn ingest`, which runs anywhere and needs none of the other settings.
// `.env.example` and docs/configuration.md are generated from the descriptions in the schema below.
import { z } from 'zod';
import { ConfigError } from './config.ts';

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);

export const eventFields = [
  'tenant',
  'type',
  'id',
  'orderingKey',
  'coalesceKey',
  'channels',
  'version',
  'subject',
  'occurredAt',
  'deliverAt',
  'expiresAt',
] as const;
export type EventField = (typeof eventFields)[number];

const headerNames = list.pipe(
  z
    .array(z.templateLiteral([z.enum(eventFields), '=', z.string().min(1)], 'must be field=header pairs, separated by commas'))
    .transform((pairs) => Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))),
);

export const ingestVariables = z.object({
  POSTHORN_URL: z
    .url({ protocol: /^https?$/, error: 'must be http:// or https://' })
    .default('http://127.0.0.1:8080')
    .describe('URL of the API that `posthorn ingest` posts to, with POSTHORN_API_KEY: a key with the scope events:write'),
  POSTHORN_INGEST_TENANT: z.string().min(1).optional().describe('the tenant of rows and messages that name none'),
  POSTHORN_INGEST_TYPE: z.string().min(1).optional().describe('the event type of messages that name none'),
  POSTHORN_INGEST_HEADERS: headerNames
    .default({})
    .describe(
      'headers of a message that hold the fields of its event, if not posthorn-tenant, posthorn-type, posthorn-id and so on: field=header pairs such as type=ce_type,id=ce_id',
    ),
  POSTHORN_INGEST_CONCURRENCY: z.coerce.number().int().min(1).max(1_000).default(32).describe('requests to the API in flight'),
  POSTHORN_INGEST_DATABASE_URL: z
    .string()
    .optional()
    .describe('`posthorn ingest outbox`: URL of the PostgreSQL of the producer; connect directly or through a pool of sessions'),
  POSTHORN_INGEST_TABLE: z
    .string()
    .regex(/^[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)?$/, 'must be a table or schema.table')
    .default('posthorn_outbox')
    .describe('`posthorn ingest outbox`: the table that `publish` of @posthorn/client/outbox writes to'),
  POSTHORN_INGEST_KAFKA_BROKERS: list.optional().describe('`posthorn ingest kafka`: bootstrap brokers, host:port, separated by commas'),
  POSTHORN_INGEST_KAFKA_TOPICS: list.optional().describe('`posthorn ingest kafka`: topics to read, separated by commas'),
  POSTHORN_INGEST_KAFKA_GROUP: z.string().min(1).default('posthorn').describe('`posthorn ingest kafka`: the consumer group'),
  POSTHORN_INGEST_KAFKA_DEAD_LETTER_TOPIC: z
    .string()
    .min(1)
    .optional()
    .describe('`posthorn ingest kafka`: topic for refused messages; default: the topic of the message, then .posthorn-dead-letter'),
  POSTHORN_INGEST_KAFKA_KEY: z
    .enum(['ordering', 'id', 'none'])
    .default('ordering')
    .describe(
      '`posthorn ingest kafka`: the key of a message is the orderingKey of its event, or its id (a second message with the same key is then a duplicate), or not used',
    ),
  POSTHORN_INGEST_KAFKA_TLS: z.enum(['true', 'false']).default('false').describe('`posthorn ingest kafka`: use TLS'),
  POSTHORN_INGEST_KAFKA_SASL: z
    .enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])
    .optional()
    .describe('`posthorn ingest kafka`: SASL mechanism, if the brokers ask for a user'),
  POSTHORN_INGEST_KAFKA_USERNAME: z.string().optional().describe('`posthorn ingest kafka`: user for SASL'),
  POSTHORN_INGEST_KAFKA_PASSWORD: z.string().optional().describe('`posthorn ingest kafka`: password for SASL'),
  POSTHORN_INGEST_AMQP_URL: z
    .url({ protocol: /^amqps?$/, error: 'must be amqp:// or amqps://[user:password@]host[:port][/vhost]' })
    .optional()
    .describe('`posthorn ingest amqp`: URL of RabbitMQ'),
  POSTHORN_INGEST_AMQP_QUEUE: z.string().min(1).optional().describe('`posthorn ingest amqp`: the queue to read; it must exist'),
  POSTHORN_INGEST_AMQP_DEAD_LETTER_QUEUE: z
    .string()
    .min(1)
    .optional()
    .describe('`posthorn ingest amqp`: queue for refused messages, made if missing; default: the queue, then .posthorn-dead-letter'),
  POSTHORN_INGEST_AMQP_WITHOUT_ID: z
    .enum(['refuse', 'accept'])
    .default('refuse')
    .describe(
      '`posthorn ingest amqp`: a message without an id, which RabbitMQ may deliver twice, is refused, or accepted at the risk of a second event',
    ),
});

const apiKey = z.object({ POSTHORN_API_KEY: z.string().min(16) });
export type IngestConfig = z.infer<typeof ingestVariables> & z.infer<typeof apiKey>;

/** Throws one ConfigError that names every invalid or missing variable. Empty variables count as unset. */
export function readIngestConfig(
  needed: readonly (keyof IngestConfig)[],
  env: Record<string, string | undefined> = process.env,
): IngestConfig {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const read = z.object({ ...ingestVariables.shape, ...apiKey.shape }).safeParse(set);
  const missing = needed.filter((name) => !(name in set));
  if (read.success && missing.length === 0) return read.data;
  const invalid = (read.error?.issues ?? []).filter(({ path }) => String(path[0]) in set);
  throw new ConfigError(
    [...missing.map((name) => `${name} must be set.`), ...invalid.map(({ path, message }) => `${String(path[0])}: ${message}`)].join('\n'),
  );
}
