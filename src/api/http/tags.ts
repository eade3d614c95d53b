// The groups of operations in the OpenAPI document, by path: chapters of a reference, and classes or folders of a client.

interface Tag {
  name: string;
  description: string;
  /** Of the paths of its operations. The first tag that matches is the one. */
  paths: RegExp;
}

const tags: Tag[] = [
  {
    name: 'Events',
    description: 'Post events, and see what became of them.',
    paths: /^\/v1\/(tenants\/\{tenant\}\/(events|subjects)|events$)/,
  },
  {
    name: 'Signing keys',
    description: 'The key pairs that sign requests, and their public keys.',
    paths: /\/signing-keys|^\/\.well-known\/tenants/,
  },
  { name: 'Missed events', description: 'Fetch what an endpoint has not accepted.', paths: /^\/v1\/endpoints\/\{endpoint\}\/missed/ },
  { name: 'Statistics', description: 'Figures of deliveries, and changes as they happen.', paths: /\/stats(\/endpoints)?$|^\/v1\/stream$/ },
  {
    name: 'Endpoints',
    description: 'Where events are sent to, and how.',
    paths: /^\/v1\/(tenants\/\{tenant\}\/endpoints|endpoints|filters)/,
  },
  { name: 'Transforms', description: 'How bodies are made of events.', paths: /^\/v1\/transforms/ },
  {
    name: 'Consumer documentation',
    description: 'What receivers need to know, and a simulator of retries.',
    paths: /^\/v1\/(tenants\/\{tenant\}\/documentation|retry-schedule)/,
  },
  { name: 'Tenants', description: 'Your customers, each with its endpoints and events.', paths: /^\/v1\/tenants(\/\{tenant\})?$/ },
  { name: 'Search', description: 'Find things by id or name.', paths: /^\/v1\/search$/ },
  { name: 'Audit log', description: 'Who changed what and when.', paths: /^\/v1\/audit-log/ },
  { name: 'Deliveries', description: 'One event for one endpoint each: attempts, and commands.', paths: /^\/v1\/(deliveries|undelivered)/ },
  { name: 'Replays', description: 'Jobs that deliver many events again.', paths: /^\/v1\/replays/ },
  { name: 'API keys', description: 'Who may call the API.', paths: /^\/v1\/api-keys/ },
  { name: 'Portal links', description: "Short-lived access for a tenant's own people.", paths: /^\/v1\/portal-links/ },
  { name: 'Sessions', description: 'The sign-in of people, for the dashboard.', paths: /^\/v1\/(sessions|sign-in)/ },
  { name: 'Alerts', description: 'What needs attention.', paths: /^\/v1\/alerts/ },
  { name: 'Alert channels', description: 'Where alerts are sent to.', paths: /^\/v1\/alert-channels/ },
  {
    name: 'Event types',
    description: 'The catalogue of event types, with their versions and schemas.',
    paths: /^\/v1\/(event-types|catalogue)/,
  },
  {
    name: 'Test endpoints',
    description: 'Endpoints inside Posthorn that record requests and answer as you say.',
    paths: /^\/v1\/(tenants\/\{tenant\}\/)?sandbox-endpoints/,
  },
  {
    name: 'Installation',
    description: 'Health, metrics, version and documents.',
    paths: /^\/(v1\/(status|meta)|healthz|readyz|metrics|[a-z]+\.json)?$/,
  },
];

export const webhookTag = { name: 'Webhooks', description: 'The requests that your endpoint receives.' };

/** Throws for a path of no group: add one. */
export function tagOf(path: string): string {
  const tag = tags.find(({ paths }) => paths.test(path));
  if (!tag) throw new Error(`no tag in src/api/http/tags.ts matches ${path}`);
  return tag.name;
}

/** The groups that these paths use, in the order of the document. */
export function tagsOf(paths: readonly string[]): { name: string; description: string }[] {
  const used = new Set(paths.map(tagOf));
  return [...tags.filter(({ name }) => used.has(name)).map(({ name, description }) => ({ name, description })), webhookTag];
}
