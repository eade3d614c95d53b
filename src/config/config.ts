// Configuration: the only reader of the environment. One described schema; `.env.example` and the table in docs/configuration.md come from it.
import { z } from 'zod';
import { duration, durationMs, type RetryPolicy, retryPolicy } from '#domain/retry-schedule';
import { verification } from '#domain/verification';

const port = z.coerce.number().int().min(0).max(65_535);
const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);
const slots = (usual: number) => z.coerce.number().int().min(1).max(10_000).default(usual);
const waiting = z.coerce.number().int().min(1).max(100_000_000);
const atLeastASecond = duration.refine((text) => durationMs(text) >= 1_000, 'must be 1s or more');
const days = (least: number) => z.coerce.number().int().min(least).max(3_650);

const cidrs = list.pipe(z.array(z.union([z.cidrv4(), z.cidrv6()], 'must be CIDRs such as 10.0.0.0/8, separated by commas')));
const masterKeys = list.pipe(
  z.array(z.base64().refine((key) => Buffer.from(key, 'base64').length === 32, 'must be 32 bytes in base64')).min(1),
);
const proxyUrl = z.url({ protocol: /^(https?|socks5)$/, error: 'must be http://, https:// or socks5://[user:password@]host:port' });
const addresses = list.pipe(
  z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], 'must be addresses or CIDRs, separated by commas')),
);
const schedule = list.transform((waits): RetryPolicy => ({ schedule: waits })).pipe(retryPolicy);

export const variables = z.object({
  PORT: port.default(8080).describe('port of API and dashboard'),
  HOST: z.string().default('127.0.0.1').describe('address of API and dashboard'),
  POSTHORN_METRICS_PORT: port.optional().describe('port of /metrics and /healthz, on HOST, of a worker without an API; unset: none'),
  POSTHORN_PUBLIC_URL: z.url().optional().describe('the address under which this server is reached, when it is not http://HOST:PORT'),
  DATABASE_URL: z.string().optional().describe('PostgreSQL 15 or later; unset: embedded'),
  DATABASE_POOL: z.coerce
    .number()
    .int()
    .min(12)
    .max(500)
    .default(20)
    .describe('connections to PostgreSQL of each process at most; it divides them, see docs/performance.md'),
  TEMPORAL_ADDRESS: z.string().optional().describe('Temporal cluster or Cloud, host:port; unset: embedded dev server'),
  TEMPORAL_NAMESPACE: z.string().default('default').describe('Temporal namespace'),
  TEMPORAL_API_KEY: z.string().optional().describe('API key of Temporal Cloud'),
  TEMPORAL_TLS: z
    .enum(['true', 'false'])
    .optional()
    .describe('use TLS towards Temporal; true when any other TEMPORAL_TLS_ variable or an API key is set'),
  TEMPORAL_TLS_CA: z.string().optional().describe('file with the CA certificate of Temporal'),
  TEMPORAL_TLS_CERT: z.string().optional().describe('file with our client certificate'),
  TEMPORAL_TLS_KEY: z.string().optional().describe("file with our client certificate's key"),
  TEMPORAL_TLS_SERVER_NAME: z.string().optional().describe("name that Temporal's certificate must carry"),
  TEMPORAL_PORT: port.default(7233).describe('gRPC port of the embedded Temporal; the next free port when it is taken'),
  TEMPORAL_UI_PORT: port.default(8233).describe('Web UI of the embedded Temporal; the next free port when it is taken'),
  TEMPORAL_UI_URL: z.url().optional().describe('Web UI of your Temporal, for links'),
  POSTHORN_API_KEY: z
    .string()
    .min(16)
    .optional()
    .describe('bootstrap admin key of the API; unset with embedded PostgreSQL: made once, kept in the file api-key of the data folder'),
  POSTHORN_API_RATE: z.coerce
    .number()
    .int()
    .min(0)
    .max(1_000_000)
    .default(1_000)
    .describe('requests a second of each API key and portal link without a rate of its own; 0: any; the bootstrap key has no limit'),
  POSTHORN_TRUST_PROXY: cidrs.default([]).describe('the proxies in front of the API, whose X-Forwarded-For is believed'),
  POSTHORN_MASTER_KEY: masterKeys.optional().describe('32 bytes in base64, encrypts secrets at rest; a list to rotate, the first encrypts'),
  POSTHORN_DATA_DIR: z.string().default('.posthorn').describe('data of the embedded servers'),
  POSTHORN_ALLOW_CIDRS: cidrs.default([]).describe('private ranges that endpoints may use, and plain http there'),
  POSTHORN_EGRESS_PROXY: proxyUrl
    .optional()
    .describe('the proxy through which endpoints are reached: http:// or https:// (CONNECT) or socks5://, [user:password@]host:port'),
  POSTHORN_EGRESS_IPS: addresses
    .default([])
    .describe('the addresses that requests to endpoints come from, told at /v1/meta for the allow-lists of receivers'),
  POSTHORN_CA_FILE: z.string().optional().describe('file with CA certificates (PEM) that endpoints may have, beside the usual ones'),
  POSTHORN_VERIFY_ENDPOINTS: verification
    .default('none')
    .describe('how new endpoints are asked whether they want to be sent to, where nothing is said: none, echo or cloudevents'),
  POSTHORN_DISPATCH: z.enum(['individual', 'batched', 'adaptive']).default('adaptive').describe('how events leave: design decision 3'),
  POSTHORN_DISPATCHES_PER_SECOND: z.coerce
    .number()
    .min(0.1)
    .max(100)
    .default(2)
    .describe('dispatches of batches a second, of each worker; full batches leave at once'),
  POSTHORN_IN_FLIGHT: slots(512).describe('requests in flight at most in each worker'),
  POSTHORN_IN_FLIGHT_PER_TENANT: slots(128).describe('of them for one tenant'),
  POSTHORN_IN_FLIGHT_PER_ENDPOINT: slots(32).describe('of them for one endpoint; `maxInFlight` of an endpoint lowers it'),
  POSTHORN_LANES: slots(256).describe('lanes that each worker drains at once: endpoints that are paced, ordered, batched, held or failing'),
  POSTHORN_CACHED_WORKFLOWS: z.coerce
    .number()
    .int()
    .min(10)
    .max(100_000)
    .default(128)
    .describe('open workflows that each worker keeps in memory; the others are replayed when they wake'),
  POSTHORN_MAX_WAITING_PER_TENANT: waiting
    .default(100_000)
    .describe('events of a tenant that may wait to be handed over; at that its next ones are answered 429'),
  POSTHORN_MAX_WAITING: waiting.default(2_000_000).describe('events of all tenants that may wait; at that everybody is answered 429'),
  POSTHORN_RETRY_SCHEDULE: schedule
    .default({ schedule: ['5s', '1m', '5m', '30m', '2h', '5h', '12h', '24h'] })
    .describe('waits between attempts, ±10 %'),
  POSTHORN_DISABLE_AFTER: atLeastASecond
    .default('5d')
    .describe('an endpoint that has accepted nothing for so long, while it was tried, is disabled'),
  POSTHORN_PROBE_DISABLED_EVERY: atLeastASecond
    .default('1h')
    .describe('how often an endpoint that was disabled so is probed, if its `autoRecover` is on; one that accepts is enabled again'),
  POSTHORN_DEAD_LETTER_DAYS: days(1).default(14).describe('how long a dead letter waits for replay or cancel'),
  POSTHORN_RETENTION_DAYS: days(50).default(90).describe('how long events and deliveries will be kept; not built yet: nothing is deleted'),
  XDG_CACHE_HOME: z.string().optional().describe('where a fetched or built Temporal server is kept; unset: ~/.cache'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info').describe('how much is logged'),
});
export type Config = z.infer<typeof variables>;

/** Reads and checks the environment. Throws one Error that names every variable at fault; empty variables count as unset. */
export function readConfig(env: Record<string, string | undefined> = process.env): Config {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const read = variables.safeParse(set);
  if (read.success) return read.data;
  throw new ConfigError(read.error.issues.map((issue) => `${String(issue.path[0])}: ${issue.message}`).join('\n'));
}

export class ConfigError extends Error {
  override name = 'ConfigError';
}

export const disableAfterMs = (config: Config) => durationMs(config.POSTHORN_DISABLE_AFTER);
export const probeDisabledEveryMs = (config: Config) => durationMs(config.POSTHORN_PROBE_DISABLED_EVERY);
export const deadLetterWindowMs = (config: Config) => durationMs(`${config.POSTHORN_DEAD_LETTER_DAYS}d`);
