// Tools that only read: search, explain and health.
import { z } from 'zod';
import { inPath } from '#client';
import { delivery, endpoint, event, page, span, type Tool, tenant, tool } from './tool.ts';

const statuses = ['pending', 'retrying', 'held', 'succeeded', 'dead_lettered', 'quarantined', 'cancelled', 'expired'] as const;
const window = z.enum(['1h', '24h', '7d', '30d']).default('24h').describe('the time before now');

export const readTools: Tool[] = [
  tool({
    name: 'search_deliveries',
    title: 'Search deliveries',
    description:
      'Finds deliveries (one event for one endpoint each), newest first, by tenant, endpoint, status, event type and time. Use it to find what failed: status dead_lettered was given up, retrying and held still wait.',
    effect: 'reads',
    input: z.strictObject({
      tenant: tenant.optional(),
      endpoint: endpoint.optional(),
      status: z.array(z.enum(statuses)).optional().describe('any of these'),
      type: z.string().optional().describe('the event type, such as order.created'),
      ...span,
      ...page,
    }),
    run: (api, query) => api.get('/v1/deliveries', query),
  }),
  tool({
    name: 'get_delivery',
    title: 'Read a delivery',
    description: 'One delivery with its attempts: when each was made, what the endpoint answered, and when the next one follows.',
    effect: 'reads',
    input: z.strictObject({ delivery }),
    async run(api, input) {
      const path = `/v1/deliveries/${inPath(input.delivery)}`;
      const [found, attempts] = await Promise.all([api.get(path), api.get(`${path}/attempts`, { limit: 20 })]);
      return { delivery: found, attempts };
    },
  }),
  tool({
    name: 'search_events',
    title: 'Search events',
    description: 'The events of a tenant, newest first, by time.',
    effect: 'reads',
    input: z.strictObject({ tenant, ...span, ...page }),
    run: (api, { tenant: of, ...query }) => api.get(`/v1/tenants/${inPath(of)}/events`, query),
  }),
  tool({
    name: 'explain_event',
    title: 'Explain an event',
    description:
      'Says for each endpoint of the tenant, or for one, why it did or did not get an event, what happens next, and what to do about it. Use it for the question "where is that webhook?".',
    effect: 'reads',
    input: z.strictObject({ tenant, event, endpoint: endpoint.optional() }),
    run: (api, input) => api.get(`/v1/tenants/${inPath(input.tenant)}/events/${inPath(input.event)}/explain`, { endpoint: input.endpoint }),
  }),
  tool({
    name: 'list_tenants',
    title: 'List tenants',
    description: 'The tenants of the installation, newest first. Not for keys that are bound to one tenant.',
    effect: 'reads',
    input: z.strictObject(page),
    run: (api, query) => api.get('/v1/tenants', query),
  }),
  tool({
    name: 'list_endpoints',
    title: 'List endpoints',
    description: 'The endpoints of a tenant with their settings and their gate: open, held (paused or not verified) or disabled.',
    effect: 'reads',
    input: z.strictObject({ tenant, ...page }),
    run: (api, { tenant: of, ...query }) => api.get(`/v1/tenants/${inPath(of)}/endpoints`, query),
  }),
  tool({
    name: 'endpoint_health',
    title: 'Health of an endpoint',
    description:
      'Settings and gate of an endpoint, how its deliveries ended lately (success rate, latency, outcomes, status codes, what waits), its lane and its open alerts.',
    effect: 'reads',
    input: z.strictObject({ endpoint, window }),
    async run(api, input) {
      const path = `/v1/endpoints/${inPath(input.endpoint)}`;
      const found = (await api.get(path)) as { tenant: string };
      const [stats, lane, alerts] = await Promise.all([
        api.get(`${path}/stats`, { window: input.window }),
        api.get(`${path}/lane`),
        api.get('/v1/alerts', { tenant: found.tenant, state: 'open', limit: 100 }),
      ]);
      const { data } = alerts as { data: { endpoint: string | null }[] };
      return { endpoint: found, stats, lane, alerts: data.filter((alert) => alert.endpoint === input.endpoint) };
    },
  }),
  tool({
    name: 'tenant_health',
    title: 'Health of a tenant',
    description: 'How the deliveries of a tenant ended lately, and its open alerts.',
    effect: 'reads',
    input: z.strictObject({ tenant, window }),
    async run(api, input) {
      const [stats, alerts] = await Promise.all([
        api.get(`/v1/tenants/${inPath(input.tenant)}/stats`, { window: input.window }),
        api.get('/v1/alerts', { tenant: input.tenant, state: 'open', limit: 100 }),
      ]);
      return { stats, alerts };
    },
  }),
  tool({
    name: 'system_health',
    title: 'Health of the installation',
    description:
      'How all deliveries ended lately, what waits, which workers run, the dispatch mode, and the open alerts of the operator. Not for keys that are bound to one tenant.',
    effect: 'reads',
    input: z.strictObject({ window }),
    async run(api, input) {
      const [status, stats, alerts] = await Promise.all([
        api.get('/v1/status'),
        api.get('/v1/stats', { window: input.window }),
        api.get('/v1/alerts', { state: 'open', limit: 100 }),
      ]);
      return { status, stats, alerts };
    },
  }),
  tool({
    name: 'list_alerts',
    title: 'List alerts',
    description: 'Alerts by tenant, kind and state (open, acknowledged, closed), newest first, each with advice.',
    effect: 'reads',
    input: z.strictObject({
      tenant: tenant.optional(),
      kind: z.string().optional(),
      state: z.enum(['open', 'acknowledged', 'closed']).optional(),
      ...page,
    }),
    run: (api, query) => api.get('/v1/alerts', query),
  }),
  tool({
    name: 'search_event_types',
    title: 'Search event types',
    description: 'The catalogue of event types: by a text in name, description, owner or tag, newest first, without schemas.',
    effect: 'reads',
    input: z.strictObject({ search: z.string().min(1).max(200).optional(), ...page }),
    run: (api, query) => api.get('/v1/event-types', query),
  }),
  tool({
    name: 'get_event_type',
    title: 'Read an event type',
    description: 'One event type of the catalogue with the JSON Schema and the examples of its current version.',
    effect: 'reads',
    input: z.strictObject({ type: z.string().min(1).describe('name of the type, such as order.created') }),
    run: (api, { type }) => api.get(`/v1/event-types/${inPath(type)}`),
  }),
  tool({
    name: 'list_missed',
    title: 'List what an endpoint missed',
    description: 'What an endpoint should have accepted and has not, oldest first, without bodies.',
    effect: 'reads',
    input: z.strictObject({ endpoint, after: z.string().optional().describe('cursor of the page before'), limit: page.limit }),
    run: (api, { endpoint: of, ...query }) => api.get(`/v1/endpoints/${inPath(of)}/missed`, query),
  }),
  tool({
    name: 'get_replay',
    title: 'Read a replay job',
    description: 'The progress of a replay job: how many deliveries it matched, how many are done, succeeded and failed.',
    effect: 'reads',
    input: z.strictObject({ replay: z.string().min(1).describe('id of the job: rpl_…') }),
    run: (api, { replay }) => api.get(`/v1/replays/${inPath(replay)}`),
  }),
];
