// GET /v1/tenants/{tenant}/documentation: what the consumers of a tenant need to know, generated from the catalogue and the
// configuration; as JSON, and as one HTML page to read or to publish.
import { z } from 'zod';
import { version } from '#config/package';
import { type ConsumerDocument, consumerDocument, documentFor } from '#consumer-docs/document';
import { waitsOf } from '#consumer-docs/outages';
import { consumerPage } from '#consumer-docs/page';
import { readTenant } from '#db/access/tenants';
import { readAllTypes } from '#db/catalogue/event-types';
import { readEndpoint } from '#db/endpoints/endpoints';
import { endpointId } from '#domain/endpoints/endpoint-id';
import { tenantKey } from '#domain/endpoints/tenant';
import { tenantId } from '../../examples/ids.ts';
import { notFound } from '../../http/problem.ts';
import { answer, type Route, route } from '../../http/route.ts';
import { pagePolicy } from '../../http/security-headers.ts';
import type { ApiDeps } from '../deps.ts';

const params = z.strictObject({ tenant: tenantKey });
const query = z.strictObject({
  endpoint: endpointId
    .optional()
    .describe('For this endpoint of the tenant: its subscription, signature schemes, timeout and retry schedule.'),
  events: z
    .enum(['all', 'none'])
    .default('all')
    .describe('`none`: without the event types, which may be many; `/v1/event-types` lists them page by page.'),
});

const exampleDocument = documentFor({
  tenant: tenantId,
  endpoint: null,
  types: [
    {
      name: 'order.created',
      group: 'Orders',
      description: 'A customer has placed an order.',
      deprecatedAt: null,
      sunsetAt: null,
      versions: [{ version: 1, schema: { type: 'object', properties: { orderId: { type: 'string' } } }, examples: [{ orderId: '1001' }] }],
    },
  ],
  defaultRetry: { schedule: ['5s', '1m', '5m', '30m', '2h', '5h', '12h', '24h'] },
  origin: 'http://127.0.0.1:8080',
  version,
  egressIps: ['192.0.2.0/24'],
  now: new Date('2026-03-02T09:15:00.000Z'),
});

export function documentationRoutes(deps: ApiDeps): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/tenants/:tenant/documentation',
      operationId: 'getDocumentation',
      summary: 'Read the documentation for consumers',
      description:
        'Every public event type with schema and example, the signature with code in seven languages, the retry schedule in real times, what each answer causes, the addresses to allow, and when to fetch missed events.',
      scope: 'endpoints:read',
      params,
      query,
      answers: { 200: { description: 'The documentation.', schema: consumerDocument, example: exampleDocument } },
      async handler(call) {
        return answer(200, (await read(deps, call)).document);
      },
    }),
    route({
      method: 'get',
      path: '/v1/tenants/:tenant/documentation.html',
      operationId: 'getDocumentationPage',
      summary: 'Read the documentation for consumers as a page',
      description: 'The same as one HTML page that loads nothing else, with a simulator of the retries. Save it and publish it as it is.',
      scope: 'endpoints:read',
      params,
      query,
      answers: { 200: { description: 'The page.', types: ['text/html'], example: '<!doctype html><title>Webhooks of acme</title>' } },
      async handler(call) {
        const { document, waitsMs } = await read(deps, call);
        const text = consumerPage(document, waitsMs);
        return { status: 200, text, type: 'text/html; charset=utf-8', headers: { 'content-security-policy': pagePolicy(text) } };
      },
    }),
  ];
}

interface Wanted {
  params: z.output<typeof params>;
  query: z.output<typeof query>;
}

async function read(deps: ApiDeps, { params: { tenant }, query }: Wanted): Promise<{ document: ConsumerDocument; waitsMs: number[] }> {
  const { db, defaultRetry, publicOrigin: origin, egressIps } = deps;
  if (!(await readTenant(db, tenant))) throw notFound('tenant');
  const endpoint = query.endpoint === undefined ? null : await readEndpoint(db, query.endpoint);
  if (query.endpoint !== undefined && endpoint?.tenant !== tenant) throw notFound('endpoint', 'endpoint');
  const types = (query.events === 'none' ? [] : await readAllTypes(db)).filter(({ settings }) => settings.visibility === 'public');
  const documented = types.map(({ name, settings, versions }) => ({
    name,
    ...settings,
    versions: versions.map((one) => ({ version: one.version, schema: one.schema ?? null, examples: one.examples })),
  }));
  const document = documentFor({ tenant, endpoint, types: documented, defaultRetry, origin, version, egressIps, now: new Date() });
  return { document, waitsMs: waitsOf(endpoint?.retry ?? defaultRetry) };
}
