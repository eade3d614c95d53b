// Allowed imports: what each folder of `src` may import, besides itself. Every folder must be
// listed here. `types of x` allows only `import type`. Subfolders are separate; `db/*` allows all of
// `db`.

interface Allowed {
  folders: string;
  packages: string;
}

export const allowedImports: Record<string, Allowed> = {
  // pure: time and randomness are arguments
  'domain/faults': { folders: '', packages: '' },
  'domain/deliveries': { folders: 'domain/faults', packages: 'zod' },
  'domain/lanes': { folders: 'domain/deliveries', packages: 'zod' },
  domain: { folders: 'domain/faults domain/lanes', packages: 'zod' },
  'domain/filters': { folders: 'domain domain/faults', packages: 'zod' },
  'domain/events': { folders: 'domain domain/deliveries domain/faults types of domain/filters', packages: 'zod' },
  'domain/shaping': { folders: 'domain/events domain/faults', packages: 'zod' },
  'domain/endpoints': {
    folders: 'domain domain/deliveries domain/events domain/faults domain/filters domain/lanes domain/shaping',
    packages: 'zod',
  },
  'domain/access': { folders: 'domain domain/deliveries domain/endpoints domain/events', packages: 'zod' },
  'domain/conformance': { folders: 'domain/deliveries domain/events', packages: 'zod' },
  'domain/stats': { folders: 'domain/endpoints', packages: 'zod' },
  'domain/alerts': { folders: 'domain domain/deliveries domain/endpoints domain/faults', packages: 'zod' },
  'domain/sandbox': { folders: 'domain domain/endpoints', packages: 'zod' },
  'domain/views': {
    folders: 'domain domain/access domain/deliveries domain/endpoints domain/events domain/lanes',
    packages: 'zod',
  },
  'domain/schemas': { folders: 'domain', packages: 'zod' },
  'domain/documents': {
    folders: 'domain domain/catalogue domain/events domain/faults domain/schemas types of domain/shaping',
    packages: 'zod',
  },
  'domain/catalogue': { folders: 'domain domain/events domain/filters domain/schemas domain/shaping', packages: 'zod' },
  // the contract of the workflows: names, ids, signals and queries
  contract: { folders: 'domain/*', packages: '@temporalio/common @temporalio/workflow' },
  // deterministic: side effects only through proxyActivities
  workflows: { folders: 'contract domain/* types of activities', packages: '@temporalio/common @temporalio/workflow' },

  runtime: { folders: 'domain/*', packages: 'node:child_process node:crypto node:events node:fs node:os node:timers/promises pino' },
  config: { folders: 'domain/* types of attempts', packages: 'node:fs node:module node:os node:path zod' },
  profiles: { folders: 'config', packages: 'node:fs node:os node:path zod' },
  sealing: { folders: 'domain/* outbound', packages: 'node:crypto node:tls types of zod' },
  exports: { folders: 'domain/* db/audit db/deliveries db/store', packages: 'csv-stringify' },
  telemetry: {
    folders: 'domain/* runtime types of db/deliveries types of db/lanes',
    packages: '@prometheus-io/client node:perf_hooks types of @temporalio/worker',
  },
  // loaded only when traces are on; others import types of it
  tracing: {
    folders: 'domain/* types of runtime',
    packages:
      '@opentelemetry/api @opentelemetry/context-async-hooks @opentelemetry/core @opentelemetry/exporter-trace-otlp-proto @opentelemetry/resources @opentelemetry/sdk-trace-base @temporalio/interceptors-opentelemetry types of @temporalio/client types of @temporalio/worker',
  },

  'db/store': { folders: 'domain/* runtime', packages: 'node:async_hooks node:crypto node:fs/promises node:path pg' },
  'db/audit': { folders: 'domain/* db/store', packages: 'node:crypto' },
  'db/access': { folders: 'domain/* runtime db/audit db/store', packages: 'rate-limiter-flexible types of pg' },
  'db/keys': { folders: 'domain/* outbound sealing db/audit db/store', packages: 'node:crypto' },
  'db/endpoints': { folders: 'domain/* sealing db/audit db/store', packages: 'types of pg' },
  'db/events': {
    folders: 'domain/* types of runtime sealing db/access db/audit db/keys db/sandbox db/store types of db/deliveries',
    packages: '',
  },
  'db/deliveries': { folders: 'domain/* db/audit db/endpoints db/keys db/store', packages: 'types of pg' },
  'db/sandbox': { folders: 'domain/* db/audit db/store', packages: '' },
  'db/search': { folders: 'domain/* types of db/store', packages: '' },
  'db/listeners': { folders: 'domain/* types of db/store', packages: '' },
  'db/ingest': { folders: '', packages: 'types of pg' },
  'db/lanes': { folders: 'domain/* db/audit db/deliveries db/endpoints db/events db/store', packages: '' },
  'db/stats': { folders: 'domain/* db/deliveries db/store', packages: 'types of pg' },

  'db/alerts': { folders: 'domain/* runtime db/audit db/store', packages: '' },
  // the question what there is to do, made of the conditions of each part
  'db/chores': { folders: 'types of domain db/alerts db/deliveries db/events db/replays db/stats db/store', packages: '' },

  'db/catalogue': { folders: 'domain/* db/audit db/store', packages: '' },
  // the only place that compiles schemas
  catalogue: {
    folders: 'domain/* types of runtime types of telemetry db/catalogue types of db/store',
    packages: 'ajv ajv-formats lru-cache node:crypto re2js',
  },

  outbound: {
    folders: 'domain/*',
    packages:
      'ipaddr.js lru-cache node:crypto node:dns node:dns/promises node:events node:fs/promises node:http node:net node:tls node:url node:zlib oauth4webapi socks',
  },
  // sign-in through an OpenID Connect provider
  oidc: { folders: 'domain/access', packages: 'openid-client' },
  // documentation for the consumers of a tenant
  'consumer-docs/verify': { folders: '', packages: '' },
  'consumer-docs': { folders: 'domain/deliveries domain/endpoints domain/events consumer-docs/verify', packages: 'zod' },
  'api/routes/documentation': {
    folders:
      'config consumer-docs db/access db/catalogue db/endpoints domain/deliveries domain/endpoints api/examples api/http types of api/routes api/routes/endpoints',
    packages: 'zod',
  },
  // the documentation at /docs
  site: { folders: 'runtime', packages: 'express node:fs node:path sirv' },
  sandbox: { folders: 'domain/*', packages: '#receiver express node:crypto node:http node:timers/promises' },

  attempts: {
    folders: 'domain/* runtime sealing outbound telemetry types of tracing db/*',
    packages: 'lru-cache node:crypto node:timers/promises',
  },
  fixtures: { folders: 'domain/* outbound attempts', packages: 'node:crypto' },
  // what attempts sent, made again
  'sent-requests': {
    folders: 'domain/* outbound sandbox sealing db/deliveries db/endpoints types of db/keys types of db/store',
    packages: '#receiver node:crypto',
  },
  conformance: { folders: 'domain/* runtime sealing outbound attempts', packages: 'node:crypto' },
  lanes: { folders: 'domain/* runtime attempts db/*', packages: 'lru-cache node:timers/promises' },
  ingest: {
    folders: 'domain/* config runtime db/ingest db/store',
    packages: 'types of @platformatic/kafka types of amqplib node:crypto node:events types of pg',
  },
  temporal: {
    folders: 'domain/* contract runtime config types of tracing db/*',
    packages: '@temporalio/client @temporalio/common @temporalio/worker node:fs/promises node:util node:timers/promises',
  },
  alerts: {
    folders: 'domain/* runtime sealing outbound types of chores db/alerts db/chores db/deliveries db/endpoints db/events db/stats db/store',
    packages: 'nodemailer node:crypto node:timers/promises',
  },
  doctor: {
    folders: 'domain contract config embedded temporal outbound sealing db/audit db/keys db/store',
    packages: '@temporalio/client node:events node:fs/promises node:net node:tls',
  },
  chores: { folders: 'runtime db/store db/stats domain/* db/*', packages: 'node:crypto node:timers/promises types of pg' },
  relay: {
    folders: 'domain/* contract runtime telemetry attempts temporal db/* types of tracing',
    packages: 'lru-cache node:timers/promises',
  },
  activities: {
    folders: 'domain/* contract runtime attempts lanes temporal db/*',
    packages: '@temporalio/activity @temporalio/common types of @temporalio/worker node:timers/promises',
  },

  stream: { folders: 'domain/* runtime db/access db/alerts db/deliveries db/endpoints db/store', packages: 'node:timers/promises' },

  'api/http': {
    folders: 'domain/* api/examples config runtime relay types of telemetry types of tracing db/access db/audit db/endpoints db/store',
    packages: 'express helmet node:crypto node:http node:stream node:stream/promises zod',
  },
  'api/access': {
    folders: 'domain/* runtime sealing oidc api/http db/access db/audit db/keys db/store',
    packages: 'express ipaddr.js jose lru-cache node:crypto node:timers/promises zod',
  },
  'api/examples': { folders: 'types of domain/*', packages: 'types of zod' },
  'api/routes': {
    folders:
      'domain/* config types of runtime types of sealing types of conformance exports types of lanes types of relay api/access api/http db/* types of stream types of telemetry types of tracing types of catalogue',
    packages: 'express node:async_hooks node:timers/promises zod',
  },
  'api/routes/catalogue': {
    folders:
      'domain/* sealing catalogue config fixtures api/examples api/http types of api/routes db/catalogue db/endpoints types of db/store',
    packages: 'lru-cache zod',
  },
  'api/routes/deliveries': {
    folders:
      'domain/* contract sealing sent-requests api/examples api/http types of api/routes db/access db/deliveries db/endpoints db/events',
    packages: 'zod',
  },
  'api/routes/events': {
    folders:
      'domain/* sealing api/examples api/http types of api/routes api/routes/deliveries db/access db/deliveries db/events db/search types of db/store',
    packages: 'node:crypto zod',
  },
  'api/routes/endpoints': {
    folders:
      'domain/* runtime sealing api/examples api/http types of api/routes api/routes/deliveries api/routes/events db/access db/audit db/catalogue db/deliveries db/endpoints db/keys db/store',
    packages: 'node:crypto node:timers/promises zod',
  },
  'api/routes/sandbox': {
    folders:
      'domain/* sandbox sealing api/examples api/http types of api/routes api/routes/deliveries api/routes/endpoints db/access db/endpoints db/sandbox',
    packages: 'zod',
  },
  'api/routes/lanes': {
    folders: 'domain/* contract api/examples api/http types of api/routes api/routes/deliveries api/routes/endpoints db/endpoints db/lanes',
    packages: 'zod',
  },
  'api/routes/preview': {
    folders:
      'domain/* sealing api/examples api/http types of api/routes api/routes/endpoints api/routes/lanes db/access db/endpoints db/events db/lanes db/stats',
    packages: 'zod',
  },
  'api/routes/listen': {
    folders: 'domain/* sealing api/examples api/http types of api/routes db/endpoints',
    packages: 'zod',
  },
  'api/routes/alerts': {
    folders: 'domain/* sealing api/access api/examples api/http types of api/routes db/alerts db/audit',
    packages: 'node:crypto zod',
  },
  'api/routes/access': {
    folders:
      'domain/* sealing exports api/access api/examples api/http api/routes api/routes/deliveries db/access db/audit types of db/store',
    packages: 'zod',
  },
  api: { folders: 'types of domain/* api/access api/http api/routes/*', packages: 'express zod' },

  'api/routes/stats': {
    folders:
      'domain/* exports stream api/examples api/http types of api/routes api/routes/endpoints db/access db/endpoints db/stats types of db/store',
    packages: 'zod',
  },
  'api/routes/status': {
    folders: 'domain/* config api/examples api/http api/routes api/routes/endpoints db/endpoints db/events db/lanes db/store',
    packages: '',
  },
  'domain/replays': { folders: 'domain domain/deliveries domain/endpoints domain/events', packages: 'zod' },
  'db/replays': { folders: 'domain/* db/audit db/events db/store', packages: '' },
  'api/routes/replays': {
    folders: 'domain/* contract sealing api/access api/examples api/http types of api/routes api/routes/deliveries db/access db/replays',
    packages: 'zod',
  },
  embedded: {
    folders: 'runtime',
    packages:
      '@temporalio/client node:child_process node:crypto node:fs node:module node:net node:os node:path node:stream node:stream/promises node:timers/promises node:util pg zod',
  },
  listen: {
    folders: 'domain/* outbound stream types of runtime types of sealing db/access db/audit db/listeners db/store',
    packages: 'node:crypto',
  },
  'cli/terminal': { folders: '', packages: 'node:os node:util' },
  'cli/connection': { folders: 'config domain profiles cli/terminal', packages: '#client types of commander node:fs' },
  'cli/listen': {
    folders: 'domain/* profiles cli/connection cli/terminal',
    packages: '#client node:crypto node:fs node:http node:https node:os node:timers/promises zod',
  },
  mcp: {
    folders: 'domain',
    packages: '#client @modelcontextprotocol/server node:http node:stream node:stream/promises types of node:stream/web zod',
  },
  'cli/conformance': { folders: 'domain/* config conformance outbound', packages: '' },
  'cli/catalogue': { folders: 'domain types of domain/* cli/terminal', packages: 'yaml' },
  'cli/types': { folders: 'domain/schemas', packages: 'json-schema-to-typescript-lite' },
  'cli/commands': {
    folders: 'domain/* config profiles cli/catalogue cli/connection cli/listen cli/terminal types of cli/types',
    packages: '#client types of commander node:fs node:path node:readline/promises node:stream node:timers/promises',
  },
};

/** Composition roots: they may import everything, except that they must not import each other in a circle. */
export const roots: Record<string, string> = { app: 'cli', cli: '' };
