// Reads and validates the configuration. Nothing else reads the environment.
// `.env.example` and docs/configuration.md are generated from the descriptions in the schema below.
import { z } from 'zod';
import { strictness } from '#domain/catalogue/event-type';
import { duration, durationMs, durationOrNone, type RetryPolicy, retryPolicy } from '#domain/deliveries/retry-schedule';
import { verification } from '#domain/endpoints/verification';

const port = z.coerce.number().int().min(0).max(65_535);
const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);
const slots = (preset: number) => z.coerce.number().int().min(1).max(10_000).default(preset);
const waiting = z.coerce.number().int().min(1).max(100_000_000);
const atLeastASecond = duration.refine((text) => durationMs(text) >= 1_000, 'must be 1s or more');
/** Temporal joins both with a dot, so a name has none. */
const deploymentPart = z.string().regex(/^[\w-]{1,100}$/, 'must be letters, digits, _ or -');
const upToAMinute = durationOrNone.refine((text) => durationMs(text) <= 60_000, 'must be 60s or less');
const days = (minimum: number) => z.coerce.number().int().min(minimum).max(3_650);

const cidrs = list.pipe(z.array(z.union([z.cidrv4(), z.cidrv6()], 'must be CIDRs such as 10.0.0.0/8, separated by commas')));
const masterKeys = list.pipe(
  z.array(z.base64().refine((key) => Buffer.from(key, 'base64').length === 32, 'must be 32 bytes in base64')).min(1),
);
const proxyUrl = z.url({ protocol: /^(https?|socks5)$/, error: 'must be http://, https:// or socks5://[user:password@]host:port' });
/** Codes and tokens pass to it: over http only on this machine. */
const issuerUrl = z.url().refine((text) => /^https:/.test(text) || /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:|\/|$)/.test(text), {
  error: 'must be an https:// URL',
});
const addresses = list.pipe(
  z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], 'must be addresses or CIDRs, separated by commas')),
);
const schedule = list.transform((waits): RetryPolicy => ({ schedule: waits })).pipe(retryPolicy);

export const variables = z.object({
  PORT: port.default(8080).describe('port of the API'),
  HOST: z.string().default('127.0.0.1').describe('address that the API listens on'),
  POSTHORN_PROCESSES: z.coerce
    .number()
    .int()
    .min(1)
    .max(64)
    .optional()
    .describe(
      'processes that `posthorn start` and `posthorn server` run on this machine, behind one port; default: one for each 2 cores, but one for each GiB of memory at most, and 4 at most. PostgreSQL must allow DATABASE_POOL connections for each',
    ),
  POSTHORN_METRICS_PORT: port
    .optional()
    .describe('port for /metrics, /healthz and /readyz of a worker without an API, on HOST; unset: no such port'),
  POSTHORN_PUBLIC_URL: z.url().optional().describe('public URL of this server, if it is not http://HOST:PORT'),
  DATABASE_URL: z.string().optional().describe('URL of PostgreSQL 15 or later; unset: an embedded PostgreSQL is started'),
  DATABASE_POOL: z.coerce
    .number()
    .int()
    .min(12)
    .max(500)
    .default(20)
    .describe('maximum PostgreSQL connections of each process, shared among its kinds of work (docs/performance-details.md)'),
  TEMPORAL_ADDRESS: z
    .string()
    .optional()
    .describe('Temporal cluster or Temporal Cloud, host:port; unset: an embedded dev server is started'),
  TEMPORAL_NAMESPACE: z.string().default('default').describe('Temporal namespace'),
  POSTHORN_TASK_QUEUE: z
    .string()
    .regex(/^[\w.-]{1,100}$/, 'must be letters, digits, _ . or -')
    .default('posthorn')
    .describe('Temporal task queue; installations of Posthorn that share a namespace each need their own'),
  TEMPORAL_API_KEY: z.string().optional().describe('API key for Temporal Cloud'),
  TEMPORAL_API_KEY_FILE: z
    .string()
    .optional()
    .describe('path of a file with the API key, in place of TEMPORAL_API_KEY; read again when it changes'),
  TEMPORAL_TLS: z
    .enum(['true', 'false'])
    .optional()
    .describe('use TLS for the connection to Temporal; default: true if any other TEMPORAL_TLS_ variable or an API key is set'),
  TEMPORAL_TLS_CA: z.string().optional().describe('path of the CA certificate that signed the certificate of Temporal'),
  TEMPORAL_TLS_CERT: z
    .string()
    .optional()
    .describe('path of the client certificate for Temporal; the files of TEMPORAL_TLS_ variables are read again when they change'),
  TEMPORAL_TLS_KEY: z.string().optional().describe('path of the private key of the client certificate for Temporal'),
  TEMPORAL_TLS_SERVER_NAME: z.string().optional().describe('server name that the certificate of Temporal must contain'),
  TEMPORAL_DEPLOYMENT_NAME: deploymentPart
    .optional()
    .describe(
      'name of the Worker Deployment in Temporal, for Worker Versioning; needs TEMPORAL_BUILD_ID; unset: no versioning (docs/upgrades.md)',
    ),
  TEMPORAL_BUILD_ID: deploymentPart
    .optional()
    .describe(
      'build id of this version of the workers; Temporal gives them work once it is the current version of TEMPORAL_DEPLOYMENT_NAME',
    ),
  TEMPORAL_PORT: port.default(7233).describe('gRPC port of the embedded Temporal; if it is in use, the next free port'),
  TEMPORAL_UI_PORT: port.default(8233).describe('port of the Web UI of the embedded Temporal; if it is in use, the next free port'),
  TEMPORAL_UI_URL: z.url().optional().describe('URL of the Web UI of your Temporal, used for links'),
  POSTHORN_API_KEY: z
    .string()
    .min(16)
    .optional()
    .describe(
      'bootstrap admin key of the API; unset with embedded PostgreSQL: generated once and stored in the file api-key of the data folder',
    ),
  POSTHORN_API_RATE: z.coerce
    .number()
    .int()
    .min(0)
    .max(1_000_000)
    .default(1_000)
    .describe(
      'requests per second for each API key and portal link that has no rate limit set; 0: no limit; the bootstrap key has no limit',
    ),
  POSTHORN_OIDC_ISSUER: issuerUrl
    .optional()
    .describe(
      'OpenID Connect provider whose people may sign in to the dashboard, such as https://id.example.com (docs/sign-in.md); needs POSTHORN_OIDC_CLIENT_ID and at least one role; unset: only keys sign in',
    ),
  POSTHORN_OIDC_CLIENT_ID: z.string().min(1).optional().describe('client id of Posthorn at the provider'),
  POSTHORN_OIDC_CLIENT_SECRET: z
    .string()
    .min(1)
    .optional()
    .describe('client secret of Posthorn at the provider; unset: a public client, protected by PKCE alone'),
  POSTHORN_OIDC_CLIENT_AUTH: z
    .enum(['basic', 'post'])
    .default('basic')
    .describe('how the client secret is sent to the provider: basic (client_secret_basic) or post (client_secret_post)'),
  POSTHORN_OIDC_SCOPES: z
    .string()
    .default('openid email profile')
    .describe('scopes to ask for, separated by spaces; openid is one of them'),
  POSTHORN_OIDC_NAME: z.string().min(1).max(60).optional().describe('name of the provider on the sign-in button; default: its host name'),
  POSTHORN_OIDC_ROLE_CLAIM: z
    .string()
    .min(1)
    .default('groups')
    .describe(
      'claim whose values give the roles, or a path such as realm_access.roles; email works only for verified addresses. It is read from the ID token, else from the userinfo endpoint',
    ),
  POSTHORN_OIDC_VIEWERS: list
    .default([])
    .describe('values of the claim that give the role viewer, separated by commas; *: everybody who can sign in'),
  POSTHORN_OIDC_OPERATORS: list.default([]).describe('values of the claim that give the role operator'),
  POSTHORN_OIDC_ADMINS: list.default([]).describe('values of the claim that give the role admin'),
  POSTHORN_TRUST_PROXY: cidrs.default([]).describe('CIDRs of the proxies in front of the API; their X-Forwarded-For header is trusted'),
  POSTHORN_MASTER_KEY: masterKeys
    .optional()
    .describe('encrypts secrets at rest: 32 bytes in base64; to rotate, a list separated by commas, of which the first key encrypts'),
  POSTHORN_DATA_DIR: z.string().default('.posthorn').describe('data folder of the embedded servers'),
  POSTHORN_ALLOW_CIDRS: cidrs
    .default([])
    .describe('private address ranges in which endpoints may be, and may use plain http; for a receiver on your own machine: 127.0.0.0/8'),
  POSTHORN_SMTP_URL: z
    .url({ protocol: /^smtps?$/, error: 'must be smtp:// or smtps://[user:password@]host[:port]' })
    .optional()
    .describe('SMTP server for alerts by email: smtp:// (with STARTTLS where offered) or smtps://, then [user:password@]host[:port]'),
  POSTHORN_SMTP_FROM: z.string().min(3).max(320).default('Posthorn <posthorn@localhost>').describe('sender of alerts by email'),
  POSTHORN_EGRESS_PROXY: proxyUrl
    .optional()
    .describe('proxy for all requests to endpoints: http:// or https:// (CONNECT) or socks5://, then [user:password@]host:port'),
  POSTHORN_EGRESS_IPS: addresses
    .default([])
    .describe('source addresses of requests to endpoints, published at /v1/meta for the allow-lists of receivers'),
  POSTHORN_CA_FILE: z
    .string()
    .optional()
    .describe('path of a PEM file with CA certificates to trust for endpoints, in addition to the public ones'),
  POSTHORN_VERIFY_ENDPOINTS: verification
    .default('none')
    .describe('default verification of new endpoints, before anything is sent to them: none, echo or cloudevents'),
  POSTHORN_UNREGISTERED_TYPES: strictness
    .default('off')
    .describe(
      'events whose type is not in the catalogue (docs/catalogue.md): off: accepted; warn: accepted, with a warning in the answer; reject: refused with 422',
    ),
  POSTHORN_DEPRECATED_TYPES: strictness
    .default('warn')
    .describe('events whose type is deprecated in the catalogue, from its deprecatedAt on: off, warn or reject, as above'),
  POSTHORN_SUNSET_TYPES: strictness
    .default('reject')
    .describe('events whose type is past its sunsetAt in the catalogue: off, warn or reject, as above'),
  POSTHORN_DISPATCH: z
    .enum(['individual', 'batched', 'adaptive'])
    .default('adaptive')
    .describe(
      'how events are dispatched; individual: one workflow for every delivery, started at once; batched: first attempts are made before the dispatch, and many events share one; adaptive: individual at low load, batched at high load or while Temporal is away',
    ),
  POSTHORN_WORKFLOWS_PER_SECOND: z.coerce
    .number()
    .min(1)
    .max(100_000)
    .optional()
    .describe(
      'the budget of workflows of each worker, all its POSTHORN_PROCESSES together, per second: above it events are batched, relays retry and drain lanes themselves, and the workflows of dead letters open later; default: 12 for each core, enough if Temporal and PostgreSQL share the machine',
    ),
  POSTHORN_DISPATCHES_PER_SECOND: z.coerce
    .number()
    .min(0.1)
    .max(100)
    .default(2)
    .describe('batches that each worker dispatches per second, all its POSTHORN_PROCESSES together; full batches are dispatched at once'),
  POSTHORN_IN_FLIGHT: slots(512).describe('maximum requests in flight in each worker, and in each of its POSTHORN_PROCESSES'),
  POSTHORN_IN_FLIGHT_PER_TENANT: slots(128).describe('maximum requests in flight for one tenant in each worker'),
  POSTHORN_IN_FLIGHT_PER_ENDPOINT: slots(32).describe(
    'maximum requests in flight for one endpoint in each worker; `maxInFlight` of an endpoint can lower it',
  ),
  POSTHORN_LANES: slots(256).describe(
    'lanes that each worker drains concurrently; a lane is the queue of an endpoint that is paced, ordered, batched, paused or failing',
  ),
  POSTHORN_CACHED_WORKFLOWS: z.coerce
    .number()
    .int()
    .min(10)
    .max(100_000)
    .default(128)
    .describe('open workflows that each worker keeps in memory; the others are replayed from history when they continue'),
  POSTHORN_MAX_WAITING_PER_TENANT: waiting
    .default(100_000)
    .describe('maximum events of one tenant in the outbox; at this limit its new events are refused with 429'),
  POSTHORN_MAX_WAITING: waiting
    .default(2_000_000)
    .describe('maximum events of all tenants in the outbox; at this limit all new events are refused with 429'),
  POSTHORN_RETRY_SCHEDULE: schedule
    .default({ schedule: ['5s', '1m', '5m', '30m', '2h', '5h', '12h', '24h'] })
    .describe('waits between the attempts of a delivery, each varied by ±10 %'),
  POSTHORN_DISABLE_AFTER: atLeastASecond
    .default('5d')
    .describe('an endpoint is disabled after it has accepted nothing for this long although requests were sent'),
  POSTHORN_PROBE_DISABLED_EVERY: atLeastASecond
    .default('1h')
    .describe('how often an endpoint disabled that way is probed if its `autoRecover` is on; it is enabled again when it accepts a probe'),
  POSTHORN_DEAD_LETTER_DAYS: days(1)
    .default(14)
    .describe('days during which the workflow of a dead letter stays open for signals; the API can replay and cancel it later too'),
  POSTHORN_RETENTION_DAYS: days(50)
    .default(90)
    .describe('days to keep events, deliveries and attempts; then their day is deleted (docs/retention.md)'),
  POSTHORN_SHUTDOWN_DELAY: upToAMinute
    .default('0s')
    .describe(
      'how long a process that was told to stop still takes requests, while /readyz answers 503 so that load balancers send no more; at most 60s',
    ),
  XDG_CACHE_HOME: z.string().optional().describe('cache folder for a downloaded or built Temporal server; unset: ~/.cache'),
  XDG_CONFIG_HOME: z
    .string()
    .optional()
    .describe('folder of the profiles of the command line, to which `npm start` adds the profile local; unset: ~/.config'),
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
    .optional()
    .describe(
      'base URL of an OpenTelemetry collector, such as http://collector:4318; traces are posted to its path /v1/traces in http/protobuf; unset: no traces',
    ),
  OTEL_EXPORTER_OTLP_HEADERS: z
    .string()
    .optional()
    .describe('headers for the collector: name=value, separated by commas, values percent-encoded'),
  OTEL_SERVICE_NAME: z.string().min(1).default('posthorn').describe('name of this service in traces'),
  POSTHORN_TRACE_RATIO: z.coerce
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe('share of the requests that are traced, from 0 to 1, unless their traceparent header says whether they are'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('minimum level of log lines: fatal, error, warn, info, debug, trace or silent'),
});
export type Config = z.infer<typeof variables>;

/**
 * Reads and validates the environment. Throws one ConfigError that names every invalid variable. Empty variables count
 * as unset.
 */
export function readConfig(env: Record<string, string | undefined> = process.env): Config {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const read = variables.safeParse(set, { error: faultText });
  if (read.success) return checkTogether(read.data);
  throw new ConfigError(read.error.issues.map((issue) => `${String(issue.path[0])}: ${issue.message}`).join('\n'));
}

/** Where a variable has no words of its own. */
export function faultText(issue: z.core.$ZodRawIssue): string | undefined {
  const unit = (origin: unknown) => (origin === 'string' ? ' characters' : '');
  if (issue.code === 'too_small') return `must ${unit(issue.origin) ? 'have' : 'be'} at least ${issue.minimum}${unit(issue.origin)}`;
  if (issue.code === 'too_big') return `must ${unit(issue.origin) ? 'have' : 'be'} at most ${issue.maximum}${unit(issue.origin)}`;
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.map(String).join(', ')}`;
  return issue.code === 'invalid_type' ? `must be a ${issue.expected}` : undefined;
}

/** Variables that need each other. */
function checkTogether(config: Config): Config {
  checkProvider(config);
  const { TEMPORAL_DEPLOYMENT_NAME: name, TEMPORAL_BUILD_ID: build } = config;
  if ((name === undefined) === (build === undefined)) return config;
  throw new ConfigError(
    `${name === undefined ? 'TEMPORAL_DEPLOYMENT_NAME' : 'TEMPORAL_BUILD_ID'}: must be set, because the other of the two is`,
  );
}

function checkProvider(config: Config): void {
  const { POSTHORN_OIDC_ISSUER: issuer, POSTHORN_OIDC_CLIENT_ID: clientId, POSTHORN_OIDC_SCOPES: scopes } = config;
  if (issuer === undefined) return;
  if (clientId === undefined) throw new ConfigError('POSTHORN_OIDC_CLIENT_ID: must be set, because POSTHORN_OIDC_ISSUER is');
  if (!scopes.split(' ').includes('openid')) throw new ConfigError('POSTHORN_OIDC_SCOPES: must contain openid');
  const { POSTHORN_OIDC_VIEWERS: viewers, POSTHORN_OIDC_OPERATORS: operators, POSTHORN_OIDC_ADMINS: admins } = config;
  if (viewers.length + operators.length + admins.length === 0)
    throw new ConfigError(
      'POSTHORN_OIDC_ADMINS: must be set, or POSTHORN_OIDC_OPERATORS or POSTHORN_OIDC_VIEWERS: nobody would have a role',
    );
}

export class ConfigError extends Error {
  override name = 'ConfigError';
}

export const disableAfterMs = (config: Config) => durationMs(config.POSTHORN_DISABLE_AFTER);
export const shutdownDelayMs = (config: Config) => durationMs(config.POSTHORN_SHUTDOWN_DELAY);
export const probeDisabledEveryMs = (config: Config) => durationMs(config.POSTHORN_PROBE_DISABLED_EVERY);
export const deadLetterWindowMs = (config: Config) => durationMs(`${config.POSTHORN_DEAD_LETTER_DAYS}d`);
