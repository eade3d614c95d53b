// The OpenAPI document is fit for readers and generators: a linter has nothing against it, every operation has a tag, a
// description and an example, and every type has a name.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { SchemaNames } from '#api/http/name-schemas';
import { openapiDocument } from '#api/http/openapi';
import { type Json, schemasOf } from '#api/http/schemas';
import { tagOf } from '#api/http/tags';
import { allRoutes } from '../support/client-types.ts';
import { npmTool, redocly } from '../support/npm-tool.ts';

const run = promisify(execFile);

interface Operation {
  operationId: string;
  tags: string[];
  summary: string;
  description: string;
  parameters: { name: string; in: string; example?: unknown; schema: Json }[];
}

const document = JSON.parse(JSON.stringify(openapiDocument('https://posthorn.internal', allRoutes())));
const operations = [document.paths, document.webhooks].flatMap((paths: Record<string, Record<string, Operation>>) =>
  Object.values(paths).flatMap((methods) => Object.values(methods)),
);
const schemas: [string, Json][] = Object.entries(document.components.schemas);

describe('the document', () => {
  it('passes a linter without errors and warnings', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'posthorn-openapi-'));
    try {
      writeFileSync(join(folder, 'openapi.json'), JSON.stringify(document));
      writeFileSync(join(folder, 'redocly.yaml'), 'extends: [recommended-strict]\n');
      const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
      const args = ['lint', 'openapi.json', '--format', 'json', '--max-problems', '20'];
      const { stdout, stderr } = await run(await npmTool(redocly), args, { cwd: folder, env }).catch((error) => error);
      const found = JSON.parse(stdout.slice(stdout.indexOf('{')) || '{}');
      const problems = (found.problems as { message: string; location: [{ pointer: string }] }[] | undefined)?.map(
        ({ message, location }) => `${message} ${location[0]?.pointer}`,
      );
      expect(problems, stderr).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('has a known tag, a summary, a description and an example for each operation', () => {
    const tags = new Map((document.tags as { name: string; description: string }[]).map(({ name, description }) => [name, description]));
    expect(operations.length).toBeGreaterThan(70);
    for (const operation of operations) {
      const { operationId, summary, description } = operation;
      expect(operation.tags, operationId).toHaveLength(1);
      expect(tags.get(operation.tags[0] ?? ''), operationId).toMatch(/^[A-Z].*\.$/);
      expect(summary, operationId).toMatch(/^[A-Z].*[^.]$/);
      expect(description, operationId).toMatch(/^[A-Z].*\.$/s);
      expect(JSON.stringify(operation), operationId).toMatch(/"examples?":/);
      for (const { name, in: place, example } of operation.parameters) if (place === 'path') expect(example, name).toBeDefined();
    }
    expect(new Set(operations.flatMap(({ tags: used }) => used))).toEqual(new Set(tags.keys()));
    expect(() => tagOf('/v1/new-things')).toThrow('no tag in src/api/http/tags.ts matches /v1/new-things');
  });
});

/** Every schema within a part of the document, with its path. */
function partsOf(part: unknown, path: string): [string, Json][] {
  if (typeof part !== 'object' || part === null) return [];
  const inner = Object.entries(part).filter(([key]) => !['examples', 'example', 'default', 'enum', 'const', 'mapping'].includes(key));
  return [[path, part as Json], ...inner.flatMap(([key, value]) => partsOf(value, `${path}/${key}`))];
}

describe('its schemas', () => {
  it('have names that become names of types in any language', () => {
    expect(schemas.length).toBeGreaterThan(80);
    for (const [name] of schemas) {
      expect(name).toMatch(/^[A-Z][A-Za-z0-9]*$/);
      // neither the status of an answer nor a counter
      expect(name.replace('Oauth2', '')).not.toMatch(/\d/);
    }
  });

  it('have no objects, enumerations or unions without a name inside', () => {
    const inner = schemas.flatMap(([name, schema]) => partsOf(schema, name).slice(1));
    const parameters = operations.flatMap(({ operationId, parameters: all }) =>
      all.map(({ name, schema }): [string, Json] => [`${operationId} ${name}`, schema]),
    );
    const unnamed = [...inner, ...parameters].filter(
      ([path, { type, properties, enum: choices, oneOf }]) =>
        !path.endsWith('/properties') && ((type === 'object' && properties) || (Array.isArray(choices) && choices.length > 1) || oneOf),
    );
    expect(unnamed.map(([path]) => path)).toEqual([]);
  });

  it('use no form that generators refuse: tuples, false, a value that may also be a list of values, or map values of several types', () => {
    const all = partsOf(document.components, '').concat(partsOf(document.paths, ''));
    for (const [path, { prefixItems, items, anyOf, additionalProperties: values }] of all) {
      expect([prefixItems, items === false], path).toEqual([undefined, false]);
      const { type, anyOf: types } = (values ?? {}) as Json;
      expect([Array.isArray(type), types], path).toEqual([false, undefined]);
      if (Array.isArray(anyOf))
        expect(anyOf.some(({ type }) => type === 'array') && anyOf.some(({ enum: choices, $ref }) => choices || $ref), path).toBe(false);
    }
  });

  it('say so when two would have the same name, or none can be made', () => {
    const names = new SchemaNames();
    names.add(z.object({}), 'Thing');
    expect(() => names.add(z.object({}), 'Thing')).toThrow('two schemas would be named Thing: give one of them a name with .meta({ id })');
    const whole = z.object({ status: z.enum(['a', 'b']), items: z.array(z.object({ n: z.int() })), note: z.enum(['only']) });
    names.add(whole.meta({ id: 'OwnName' }), 'Other');
    names.namePartsOfAll();
    expect([...names.entries()].map(([, name]) => name)).toEqual(['Thing', 'OwnName', 'OwnNameStatus', 'OwnNameItem']);
    const route = { operationId: 'x', answers: { 200: { description: 'X.', schema: z.object({ odd: z.tuple([z.string(), z.int()]) }) } } };
    expect(() => schemasOf([route as never])).toThrow('a tuple needs items of one type');
  });
});
