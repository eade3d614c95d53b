// GET /openapi.json: an OpenAPI 3.1 document, generated from the route definitions and their zod
// schemas.
import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { version } from '#config/package';
import { apiKey } from '#domain/access/api-key';
import { auditView } from '#domain/access/audit';
import { portalLink } from '#domain/access/portal-link';
import { alertView } from '#domain/alerts/alert';
import { channelView } from '#domain/alerts/channel';
import { endpoint } from '#domain/endpoints/endpoint';
import { tenant } from '#domain/endpoints/tenant';
import { acceptedEvent, eventSummary, newEvent } from '#domain/events/event';
import { attemptView, deliveryView, endpointVerdict } from '#domain/views/delivery-view';
import { laneView, sequenceView } from '#domain/views/lane-view';
import { problemDocument } from './problem.ts';
import { type Route, route } from './route.ts';
import { webhooks } from './webhook-document.ts';

type Json = Record<string, unknown>;

const named: [z.ZodType, string][] = [
  [tenant, 'Tenant'],
  [endpoint, 'Endpoint'],
  [newEvent, 'NewEvent'],
  [acceptedEvent, 'AcceptedEvent'],
  [eventSummary, 'Event'],
  [deliveryView, 'Delivery'],
  [attemptView, 'Attempt'],
  [endpointVerdict, 'EndpointVerdict'],
  [laneView, 'Lane'],
  [sequenceView, 'Sequence'],
  [auditView, 'AuditEntry'],
  [apiKey, 'ApiKey'],
  [portalLink, 'PortalLink'],
  [alertView, 'Alert'],
  [channelView, 'AlertChannel'],
  [problemDocument, 'Problem'],
];

const license = { name: 'Apache-2.0', identifier: 'Apache-2.0' };
const refOf = (id: string) => `#/components/schemas/${id}`;
const problem = { 'application/problem+json': { schema: { $ref: refOf('Problem') } } };

const key = {
  type: 'http',
  scheme: 'bearer',
  description:
    'An API key, or the token of a portal link. Each operation lists the scope that it needs; the scope `admin` includes all others.',
};
const rateHeaders = {
  'Retry-After': { description: 'Seconds to wait before the next try.', schema: { type: 'integer', minimum: 1 } },
  RateLimit: {
    description:
      'Sent with every answer to a rate-limited key: at least `r` more requests are allowed in the current window, which ends in `t` seconds.',
    schema: { type: 'string', examples: ['"key";r=0;t=1'] },
  },
  'RateLimit-Policy': {
    description: '`q` requests are allowed in each window of `w` seconds (draft-ietf-httpapi-ratelimit-headers-09).',
    schema: { type: 'string', examples: ['"key";q=1000;w=1'] },
  },
};

const openapi = z.object({ openapi: z.string(), info: z.object({ title: z.string(), version: z.string() }) });
const openapiExample = { openapi: '3.1.0', info: { title: 'Posthorn', version } };

export function openapiRoute(origin: string, routes: () => Route[]): Route {
  let text: string | undefined;
  return route({
    method: 'get',
    path: '/openapi.json',
    operationId: 'getOpenapi',
    summary: 'Read this document',
    description: 'The OpenAPI description of the API. No API key is needed.',
    scope: 'open',
    answers: { 200: { description: 'The OpenAPI 3.1 document.', schema: openapi, example: openapiExample } },
    async handler() {
      text ??= JSON.stringify(openapiDocument(origin, routes()));
      return { status: 200, text };
    },
  });
}

export function openapiDocument(origin: string, routes: Route[]): Json {
  // convert all schemas at once, so that a named schema inside another one becomes a reference
  const all = z.registry<{ id: string }>();
  for (const [schema, id] of [...named, ...routes.flatMap(ownSchemas)]) if (!all.has(schema)) all.add(schema, { id });
  const schemas = Object.entries(z.toJSONSchema(all, { uri: refOf, override: leaveOpen }).schemas).map(([id, schema]) => [
    id,
    bare(schema),
  ]);
  const refTo = (schema: z.ZodType) => ({ $ref: refOf(all.get(schema)?.id ?? '') });
  return {
    openapi: '3.1.0',
    info: {
      title: 'Posthorn',
      version,
      description: 'Accepts events and delivers them to the endpoints of your tenants as signed webhooks, with retries.',
      license,
    },
    servers: [{ url: origin }],
    paths: pathsOf(routes, refTo),
    webhooks,
    components: { schemas: Object.fromEntries(schemas), securitySchemes: { key } },
  };
}

function ownSchemas({ operationId, body, answers }: Route): [z.ZodType, string][] {
  const name = operationId.charAt(0).toUpperCase() + operationId.slice(1);
  const own = Object.entries(answers).flatMap(([status, { schema }]): [z.ZodType, string][] =>
    schema ? [[schema, `${name}${status}`]] : [],
  );
  return body ? [[body, `${name}Body`], ...own] : own;
}

function pathsOf(routes: Route[], refTo: (schema: z.ZodType) => Json): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method]: operationOf(route, refTo) };
  }
  return paths;
}

function contentOf(schema: Json = { type: 'string' }, types = ['application/json'], example?: unknown): Json {
  return Object.fromEntries(types.map((type, index) => [type, { schema, ...(index === 0 && examplesOf(example)) }]));
}

function examplesOf(value: unknown): Json {
  return value === undefined ? {} : { examples: { example: { value } } };
}

function operationOf(route: Route, refTo: (schema: z.ZodType) => Json): Json {
  const { operationId, summary, description, scope, body, bodyOptional, bodyExample } = route;
  const answers = Object.entries(route.answers).map(([status, { description, schema, types, example }]) => [
    status,
    {
      description,
      ...((schema || types) && { content: contentOf(schema && refTo(schema), types, example) }),
    },
  ]);
  const problems = problemsOf(route).map((status) => [
    status,
    { description: STATUS_CODES[status], ...(status === 429 && { headers: rateHeaders }), content: problem },
  ]);
  return {
    operationId,
    summary,
    ...(description !== undefined && { description }),
    ...(route.audit && { 'x-audit-action': route.audit }),
    security: scope === 'open' ? [] : [{ key: [scope] }],
    parameters: parametersOf(route),
    ...(body && { requestBody: { required: !bodyOptional, content: contentOf(refTo(body), undefined, bodyExample) } }),
    responses: Object.fromEntries([...problems, ...answers]),
  };
}

function problemsOf({ method, scope, params, query, body, problems = [] }: Route): number[] {
  if (scope === 'open') return problems;
  const own = [400, 401, 403, 429, 500, 503, ...problems];
  if (params || query?.shape.tenant) own.push(404);
  if (body || query) own.push(422);
  if (method === 'post') own.push(409, 413, 415, 422);
  else if (body) own.push(413, 415);
  return [...new Set(own)].toSorted();
}

function parametersOf({ method, params, query, live }: Route): Json[] {
  const described = (schema: z.ZodObject | undefined, place: 'path' | 'query') =>
    Object.entries(schema?.shape ?? {}).map(([name, field]) => ({
      name,
      in: place,
      required: place === 'path',
      schema: bare(z.toJSONSchema(field as z.ZodType, { io: 'input' })),
    }));
  const idempotencyKey = {
    type: 'string',
    minLength: 1,
    maxLength: 255,
    description:
      'Makes a retry safe: the same request with the same key within 24 hours runs once and gets the same answer. Path and body are compared byte for byte. Use a new key for each new request.',
  };
  const lastEventId = { type: 'string', description: 'The last id that an earlier answer contained: the stream continues after it.' };
  const optional = (name: string, schema: Json) => ({ name, in: 'header', required: false, schema });
  const headers = [
    ...(method === 'post' ? [optional('Idempotency-Key', idempotencyKey)] : []),
    ...(live ? [optional('Last-Event-ID', lastEventId)] : []),
  ];
  return [...described(params, 'path'), ...described(query, 'query'), ...headers];
}

// answers may get new fields later, so only zod's strict objects forbid additional properties
function leaveOpen({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodTypes; jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (zodSchema._zod.def.type === 'object' && zodSchema._zod.def.catchall === undefined) delete jsonSchema.additionalProperties;
}

function bare(schema: object): Json {
  const { $schema: _dialect, $id: _id, ...rest } = schema as Json;
  return rest;
}
