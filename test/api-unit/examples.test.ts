// Examples of the OpenAPI document: every operation has them, and they match their schemas. Needs
// no server and no database.
import type { ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { type ApiDeps, routesOf } from '#api/app';
import { openapiDocument } from '#api/http/openapi';

// routes use their dependencies only when they are called
const deps = { publicOrigin: 'http://localhost:8080', egressIps: [], home: () => '' } as unknown as ApiDeps;
const { open, closed } = routesOf(deps);
const routes = [...closed, ...open].map((route) => [`${route.method} ${route.path}`, route] as const);

describe('the operation', () => {
  it.each(routes)('%s has a summary, and sentences as descriptions', (_name, { summary, description, answers }) => {
    expect(summary).toMatch(/^[A-Z].*[^.]$/);
    for (const text of [description, ...Object.values(answers).map((answer) => answer.description)])
      if (text !== undefined) expect(text).toMatch(/^[A-Z].*\.$/s);
  });

  it.each(routes)('%s has an example body that its schema accepts', (_name, { body, bodyExample }) => {
    expect(bodyExample === undefined).toBe(body === undefined);
    if (body) expect(body.safeParse(bodyExample)).toMatchObject({ success: true });
  });

  it.each(routes)('%s has an example answer, unless its answer has no body', (_name, { answers }) => {
    const [[status, first] = []] = Object.entries(answers);
    if (status !== '204') expect(first?.example).toBeDefined();
    for (const { schema, example } of Object.values(answers)) {
      // equal: no field is misspelt, which an open schema would drop
      if (schema && example !== undefined) expect(schema.parse(example)).toEqual(example);
    }
  });
});

it('the OpenAPI document shows the examples, and they match its JSON schemas', () => {
  const document = JSON.parse(JSON.stringify(openapiDocument('http://localhost:8080', [...closed, ...open])));
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(document, 'openapi');
  const compiled = new Map<string, ValidateFunction>();
  const shown = examplesIn(document.paths);
  for (const { schema, value } of shown) {
    const valid = (schema.$ref && compiled.get(schema.$ref)) || ajv.compile(schema.$ref ? { $ref: `openapi${schema.$ref}` } : schema);
    if (schema.$ref) compiled.set(schema.$ref, valid);
    expect([value, valid(value), valid.errors]).toEqual([value, true, null]);
  }
  const bodies = routes.filter(([, { body }]) => body).length;
  const answers = routes.filter(([, route]) => !(204 in route.answers)).length;
  expect(shown.length).toBeGreaterThanOrEqual(bodies + answers);
});

/** The media types in a part of the document that have an example. */
function examplesIn(part: unknown): { schema: { $ref?: string }; value: unknown }[] {
  if (typeof part !== 'object' || part === null) return [];
  if ('schema' in part && 'examples' in part) {
    const { schema, examples } = part as { schema: { $ref?: string }; examples: Record<string, { value: unknown }> };
    return Object.values(examples).map(({ value }) => ({ schema, value }));
  }
  return Object.values(part).flatMap(examplesIn);
}
