// GET /openapi.json: an OpenAPI 3.1 document, generated from the route definitions and their zod
// schemas.
import { z } from 'zod';
import { version } from '#config/package';
import { pathOf, pathsOf } from './operations.ts';
import { type Route, route } from './route.ts';
import { type Json, schemasOf } from './schemas.ts';
import { tagsOf } from './tags.ts';
import { webhooks } from './webhook-document.ts';

const license = { name: 'Apache-2.0', identifier: 'Apache-2.0' };

const key = {
  type: 'http',
  scheme: 'bearer',
  description:
    'An API key, or the token of a portal link. Each operation lists the scope that it needs; the scope `admin` includes all others.',
};

const openapi = z
  .object({ openapi: z.string(), info: z.object({ title: z.string(), version: z.string() }) })
  .meta({ id: 'OpenapiDocument' });
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
  const schemas = schemasOf(routes);
  const paths = pathsOf(routes, schemas);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Posthorn',
      version,
      description: 'Accepts events and delivers them to the endpoints of your tenants as signed webhooks, with retries.',
      license,
    },
    servers: [{ url: origin }],
    tags: tagsOf(routes.map(pathOf)),
    paths,
    webhooks,
    components: { schemas: referenced(schemas.all, paths), securitySchemes: { key } },
  };
}

/** Only the schemas that the paths refer to, directly or by others. */
function referenced(all: Record<string, Json>, paths: Json): Record<string, Json> {
  const found = new Set<string>();
  const look = (part: Json) => {
    for (const [, name = ''] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      if (found.has(name)) continue;
      found.add(name);
      look(all[name] ?? {});
    }
  };
  look(paths);
  return Object.fromEntries(Object.entries(all).filter(([name]) => found.has(name)));
}
