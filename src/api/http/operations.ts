// The operations of the OpenAPI document, from the definitions of routes.
import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { etagExample, pathExamples } from '../examples/ids.ts';
import { isKeyed, type Route } from './route.ts';
import { type Json, refOf, type Schemas } from './schemas.ts';
import { tagOf } from './tags.ts';

const problem = { 'application/problem+json': { schema: { $ref: refOf('Problem') } } };

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

const etagHeader = {
  ETag: { description: 'The `etag` of the body.', schema: { type: 'string', examples: [etagExample] } },
};
const hasEtag = (schema: z.ZodType) => schema instanceof z.ZodObject && 'etag' in schema.shape;

/** The path in the syntax of OpenAPI. */
export const pathOf = ({ path }: Pick<Route, 'path'>) => path.replaceAll(/:(\w+)/g, '{$1}');

export function pathsOf(routes: readonly Route[], schemas: Schemas): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) paths[pathOf(route)] = { ...paths[pathOf(route)], [route.method]: operationOf(route, schemas) };
  return paths;
}

function operationOf(route: Route, schemas: Schemas): Json {
  const { operationId, summary, description, scope, body, bodyOptional, bodyExample } = route;
  const answers = Object.entries(route.answers).map(([status, { description, schema, types, example }]) => [
    status,
    {
      description,
      ...(schema && hasEtag(schema) && { headers: etagHeader }),
      ...((schema || types) && { content: contentOf(schema && schemas.refTo(schema), types, example) }),
    },
  ]);
  const problems = problemsOf(route).map((status) => [
    status,
    { description: STATUS_CODES[status], ...(status === 429 && { headers: rateHeaders }), content: problem },
  ]);
  return {
    operationId,
    tags: [tagOf(pathOf(route))],
    summary,
    description,
    ...(route.audit && { 'x-audit-action': route.audit }),
    security: scope === 'open' ? [] : [{ key: scope === 'any' ? [] : [scope] }],
    parameters: parametersOf(route, schemas),
    ...(body && { requestBody: { required: !bodyOptional, content: contentOf(schemas.refTo(body), undefined, bodyExample) } }),
    responses: Object.fromEntries([...problems, ...answers]),
  };
}

function contentOf(schema: Json = { type: 'string' }, types = ['application/json'], example?: unknown): Json {
  return Object.fromEntries(types.map((type, index) => [type, { schema, ...(index === 0 && examplesOf(example)) }]));
}

function examplesOf(value: unknown): Json {
  return value === undefined ? {} : { examples: { example: { value } } };
}

function problemsOf(route: Route): number[] {
  const { method, scope, params, query, body, problems = [] } = route;
  // an unknown parameter of the query is refused everywhere
  if (scope === 'open') return [...new Set([422, ...problems])].toSorted();
  const own = [400, 401, 403, 429, 500, 503, ...problems];
  if (params || query?.shape.tenant) own.push(404);
  if (body || query) own.push(422);
  if (method === 'post') own.push(413, 415, 422);
  else if (body) own.push(413, 415);
  if (isKeyed(route)) own.push(409);
  if (route.heedsIfMatch) own.push(412);
  return [...new Set(own)].toSorted();
}

const idempotencyKey = {
  type: 'string',
  minLength: 1,
  maxLength: 255,
  description:
    'Makes a retry safe: the same request with the same key within 24 hours runs once and gets the same answer. Path and body are compared byte for byte. Use a new key for each new request.',
};
const ifMatch = {
  type: 'string',
  description:
    'The `etag` that you have read, with its quotes. If the settings have changed since, nothing is done, and the answer is a 412. Without the header, the last change wins.',
  examples: [etagExample],
};
const lastEventId = { type: 'string', description: 'The last id that an earlier answer contained: the stream continues after it.' };

function parametersOf(route: Route, schemas: Schemas): Json[] {
  const { params, live, heedsIfMatch } = route;
  const optional = (name: string, schema: Json) => parameter(name, 'header', schema);
  return [
    ...Object.entries(params?.shape ?? {}).map(([name, field]) => pathParameter(name, field as z.ZodType)),
    ...Object.entries(schemas.queryOf(route)).map(([name, schema]) => parameter(name, 'query', schema)),
    ...(isKeyed(route) ? [optional('Idempotency-Key', idempotencyKey)] : []),
    ...(heedsIfMatch ? [optional('If-Match', ifMatch)] : []),
    ...(live ? [optional('Last-Event-ID', lastEventId)] : []),
  ];
}

function pathParameter(name: string, field: z.ZodType): Json {
  const example = pathExamples[name];
  if (example === undefined) throw new Error(`src/api/examples/ids.ts has no example of {${name}} in a path`);
  const { $schema: _dialect, allOf, description = `id of the ${name}`, ...schema } = z.toJSONSchema(field, { io: 'input' });
  const isText = schema.type === 'string';
  return {
    ...parameter(name, 'path', { ...schema, ...allOf?.[0], description }),
    required: true,
    example: isText ? example : Number(example),
  };
}

/** A description beside a reference would be lost in many generators: it is the parameter's. */
function parameter(name: string, place: 'path' | 'query' | 'header', { description, ...schema }: Json): Json {
  return { name, in: place, required: false, ...(description !== undefined && { description }), schema };
}
