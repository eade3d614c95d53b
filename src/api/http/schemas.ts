// The JSON schemas of the OpenAPI document: each named schema once, and references to it everywhere else. They say the same
// as zod's, in the forms that generators of clients understand.
import { z } from 'zod';
import { capital, SchemaNames } from './name-schemas.ts';
import type { Route } from './route.ts';
import { schemaNames } from './schema-names.ts';

export type Json = Record<string, unknown>;

export interface Schemas {
  /** By name. */
  all: Record<string, Json>;
  refTo(schema: z.ZodType): Json;
  /** The parameters of the query of a route, by name. */
  queryOf(route: Route): Record<string, Json>;
}

export const refOf = (name: string) => `#/components/schemas/${name}`;

export function schemasOf(routes: readonly Route[]): Schemas {
  const names = nameAll(routes);
  const registry = z.registry<{ id: string }>();
  for (const [schema, id] of names.entries()) registry.add(schema, { id });
  const convert = (io: 'input' | 'output') =>
    z.toJSONSchema(registry, { uri: refOf, override: (given) => adapt(given, names), io }).schemas;
  const all = Object.fromEntries(Object.entries(convert('output')).map(([name, schema]) => [name, plain(schema)]));
  // a query is a transformation of texts, so only its input can be described
  for (const { operationId, query } of routes) if (query) registry.add(query, { id: queryName(operationId) });
  const inputs = routes.some(({ query }) => query) ? convert('input') : {};
  return {
    all,
    refTo: (schema) => ({ $ref: refOf(names.of(schema) ?? '') }),
    queryOf({ operationId, query }) {
      // routes with the same query share its schema
      const name = query && registry.get(query)?.id;
      const { properties = {} } = plain(inputs[name ?? queryName(operationId)] ?? {}) as { properties?: Record<string, Json> };
      return properties;
    },
  };
}

const queryName = (operationId: string) => `${capital(operationId)}Query`;

function nameAll(routes: readonly Route[]): SchemaNames {
  const names = new SchemaNames();
  for (const [schema, name] of schemaNames) names.add(schema, name);
  for (const { operationId, body, answers } of routes) {
    if (body) names.add(body, `${capital(operationId)}Input`);
    for (const { schema } of Object.values(answers))
      if (schema) names.add(schema, listName(schema, names) ?? `${capital(operationId)}Result`);
  }
  names.namePartsOfAll();
  for (const { operationId, query } of routes) if (query) names.nameParts(query, capital(operationId));
  names.namePartsOfAll();
  return names;
}

/** `DeliveryPage` for `{ data: Delivery[], nextCursor }`, `SigningKeyList` for `{ data: SigningKey[] }`. */
function listName(schema: z.ZodType, names: SchemaNames): string | undefined {
  if (!(schema instanceof z.ZodObject) || !(schema.shape.data instanceof z.ZodArray)) return undefined;
  const item = names.of(schema.shape.data.element);
  return item && `${item}${Object.keys(schema.shape).length > 1 ? 'Page' : 'List'}`;
}

interface Override {
  zodSchema: z.core.$ZodTypes;
  jsonSchema: z.core.JSONSchema.BaseSchema;
}

function adapt({ zodSchema, jsonSchema }: Override, names: SchemaNames): void {
  const { def } = zodSchema._zod;
  if (def.type === 'object') leaveOpen(def, jsonSchema);
  if (def.type === 'union' && 'discriminator' in def)
    jsonSchema.discriminator = discriminatorOf(def as z.core.$ZodDiscriminatedUnionDef, names);
}

/** Answers may get new fields later, so only strict objects forbid others. A field with a default can be left out. */
function leaveOpen(def: z.core.$ZodObjectDef, jsonSchema: z.core.JSONSchema.BaseSchema): void {
  if (def.catchall === undefined) delete jsonSchema.additionalProperties;
  const required = jsonSchema.required?.filter((name) => def.shape[name]?._zod.optin === undefined);
  if (required) jsonSchema.required = required;
  if (required?.length === 0) delete jsonSchema.required;
}

/** Which option has which value in the field that tells them apart. */
function discriminatorOf({ discriminator, options }: z.core.$ZodDiscriminatedUnionDef, names: SchemaNames): Json {
  const mapping = options.flatMap((option) => {
    const { shape } = option._zod.def as z.core.$ZodObjectDef;
    const name = names.of(option);
    const values = [...(shape[discriminator]?._zod.values ?? [])];
    return name === undefined ? [] : values.map((value) => [String(value), refOf(name)]);
  });
  return { propertyName: discriminator, mapping: Object.fromEntries(mapping) };
}

/** The schema without what generators cannot read, as far as another form says the same. */
function plain(schema: unknown): Json {
  const { $schema: _dialect, $id: _address, id: _name, ...rest } = simplified(schema) as Json;
  return rest;
}

function simplified(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(simplified);
  if (typeof part !== 'object' || part === null) return part;
  const { examples, ...schema } = part as Json;
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, simplified(value)]));
  return {
    ...[tupleAsArray, oneOrMany, firstPattern, recordAsObject].reduce((json, simplify) => simplify(json), inner),
    ...(examples !== undefined && { examples }),
  };
}

/** `[string, string]`: an array of two texts. */
function tupleAsArray({ prefixItems, items, ...schema }: Json): Json {
  if (!Array.isArray(prefixItems)) return items === undefined ? schema : { ...schema, items };
  const [first] = prefixItems;
  if (prefixItems.some((one) => JSON.stringify(one) !== JSON.stringify(first))) throw new Error('a tuple needs items of one type');
  return { ...schema, items: first, minItems: prefixItems.length, maxItems: prefixItems.length };
}

/** `status=a` and `status=a&status=b`: an array, also of one. */
function oneOrMany(schema: Json): Json {
  const { anyOf, ...rest } = schema;
  if (!Array.isArray(anyOf) || anyOf.length !== 2) return schema;
  const [one, many] = anyOf as [Json, Json];
  const isBoth = many.type === 'array' && JSON.stringify(many.items) === JSON.stringify(one);
  return isBoth ? { ...rest, ...many } : schema;
}

/** Further patterns exclude single values, such as `..`, with expressions that not all languages have. */
function firstPattern(schema: Json): Json {
  const { allOf, ...rest } = schema;
  if (!Array.isArray(allOf) || !allOf.every((one) => Object.keys(one).join() === 'pattern')) return schema;
  return { ...rest, ...allOf[0] };
}

/** A value for each of several names, which are all required: an object with these fields. */
function recordAsObject(schema: Json): Json {
  const { propertyNames, additionalProperties, ...rest } = schema;
  if (propertyNames === undefined || typeof additionalProperties !== 'object' || !Array.isArray(rest.required)) return schema;
  return { ...rest, properties: Object.fromEntries(rest.required.map((name) => [name, additionalProperties])) };
}
