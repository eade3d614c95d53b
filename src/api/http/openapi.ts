// /openapi.json: OpenAPI 3.1, made of the route table and the zod schemas.
import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { version } from '#config/package';
import { apiKey } from '#domain/api-key';
import { auditView } from '#domain/audit';
import { attemptView, deliveryView, endpointVerdict } from '#domain/delivery-view';
import { endpoint } from '#domain/endpoint';
import { acceptedEvent, eventSummary, newEvent } from '#domain/event';
import { laneView, sequenceView } from '#domain/lane-view';
import { portalLink } from '#domain/portal-link';
import { tenant } from '#domain/tenant';
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
  [problemDocument, 'Problem'],
];

const license = { name: 'Apache-2.0', identifier: 'Apache-2.0' };
const refOf = (id: string) => `#/components/schemas/${id}`;
const problem = { 'application/problem+json': { schema: { $ref: refOf('Problem') } } };

const key = {
  type: 'http',
  scheme: 'bearer',
  description: 'an API key, or the token of a portal link; each operation names the scope it needs',
};
const rateHeaders = {
  'Retry-After': { description: 'seconds until it is worth another try', schema: { type: 'integer', minimum: 1 } },
  RateLimit: {
    description: 'of a key whose rate is limited, on every answer: r requests are left, at least, in the window that ends in t seconds',
    schema: { type: 'string', examples: ['"key";r=0;t=1'] },
  },
  'RateLimit-Policy': {
    description: 'q requests in each window of w seconds (draft-ietf-httpapi-ratelimit-headers-09)',
    schema: { type: 'string', examples: ['"key";q=1000;w=1'] },
  },
};

export function openapiRoute(origin: string, routes: () => Route[]): Route {
  let text: string | undefined;
  return route({
    method: 'get',
    path: '/openapi.json',
    operationId: 'getOpenapi',
    summary: 'This document',
    scope: 'open',
    answers: { 200: { description: 'OpenAPI 3.1' } },
    async handler() {
      text ??= JSON.stringify(openapiDocument(origin, routes()));
      return { status: 200, text };
    },
  });
}

export function openapiDocument(origin: string, routes: Route[]): Json {
  // one pass over all schemas, so that a named one inside another becomes a reference
  const all = z.registry<{ id: string }>();
  for (const [schema, id] of [...named, ...routes.flatMap(ownSchemas)]) if (!all.has(schema)) all.add(schema, { id });
  const schemas = Object.entries(z.toJSONSchema(all, { uri: refOf, override: leaveOpen }).schemas).map(([id, schema]) => [
    id,
    bare(schema),
  ]);
  const refTo = (schema: z.ZodType) => ({ $ref: refOf(all.get(schema)?.id ?? '') });
  return {
    openapi: '3.1.0',
    info: { title: 'Posthorn', version, description: 'Webhook delivery on Temporal and PostgreSQL.', license },
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

function contentOf(schema: Json = { type: 'string' }, types = ['application/json']): Json {
  return Object.fromEntries(types.map((type) => [type, { schema }]));
}

function operationOf(route: Route, refTo: (schema: z.ZodType) => Json): Json {
  const { operationId, summary, scope, body, bodyOptional } = route;
  const answers = Object.entries(route.answers).map(([status, { description, schema, types }]) => [
    status,
    {
      description,
      ...((schema || types) && { content: contentOf(schema && refTo(schema), types) }),
    },
  ]);
  const problems = problemsOf(route).map((status) => [
    status,
    { description: STATUS_CODES[status], ...(status === 429 && { headers: rateHeaders }), content: problem },
  ]);
  return {
    operationId,
    summary,
    ...(route.audit && { 'x-audit-action': route.audit }),
    security: scope === 'open' ? [] : [{ key: [scope] }],
    parameters: parametersOf(route),
    ...(body && { requestBody: { required: !bodyOptional, content: { 'application/json': { schema: refTo(body) } } } }),
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

function parametersOf({ method, params, query }: Route): Json[] {
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
    description: 'the same request again within 24 hours gets the same answer; path and body are compared byte for byte',
  };
  const header = method === 'post' ? [{ name: 'Idempotency-Key', in: 'header', required: false, schema: idempotencyKey }] : [];
  return [...described(params, 'path'), ...described(query, 'query'), ...header];
}

// what we answer may grow: only what zod calls strict is closed
function leaveOpen({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodTypes; jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (zodSchema._zod.def.type === 'object' && zodSchema._zod.def.catchall === undefined) delete jsonSchema.additionalProperties;
}

function bare(schema: object): Json {
  const { $schema: _dialect, $id: _id, ...rest } = schema as Json;
  return rest;
}
