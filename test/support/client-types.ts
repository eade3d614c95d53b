// Writes the types of packages/client: the schemas and queries of the OpenAPI document, which come from those in src/domain.
import { type ApiDeps, routesOf } from '#api/app';
import { type Json, schemasOf } from '#api/http/schemas';

const head = `// Generated from the schemas in src/domain; do not edit. To regenerate it:
// npx vitest run test/api-unit/client-types.test.ts -u
/* biome-ignore-all format: generated */
`;

/** The routes without what they depend on, which they use only when they are called. */
export function allRoutes() {
  const deps = { publicOrigin: 'http://localhost:8080', egressIps: [], home: () => '' } as unknown as ApiDeps;
  const { open, closed } = routesOf(deps);
  return [...closed, ...open];
}

export function clientTypes(): string {
  const routes = allRoutes();
  const schemas = schemasOf(routes);
  const queries = routes
    .filter(({ query, scope }) => query && scope !== 'open')
    .map((route): [string, Json] => {
      const properties = Object.fromEntries(Object.entries(schemas.queryOf(route)).map(([name, schema]) => [name, alsoOne(schema)]));
      return [`${route.operationId.charAt(0).toUpperCase()}${route.operationId.slice(1)}Query`, { type: 'object', properties }];
    });
  const all = [...Object.entries(schemas.all), ...queries].sort(([a], [b]) => (a < b ? -1 : 1));
  return `${head}\n${all.map(([name, schema]) => declarationOf(name, schema)).join('\n')}`;
}

/** A repeated parameter may also be given once. */
function alsoOne(schema: Json): Json {
  const { description, ...rest } = schema;
  return rest.type === 'array' ? { description, anyOf: [rest.items, rest] } : schema;
}

function declarationOf(name: string, schema: Json): string {
  const comment = commentOf(schema, '');
  if (schema.type === 'object' && schema.properties) return `${comment}export interface ${name} ${membersOf(schema, '')}\n`;
  return `${comment}export type ${name} = ${typeOf(schema, '')};\n`;
}

function membersOf({ properties = {}, required = [] }: Json, indent: string): string {
  const inner = `${indent}  `;
  const members = Object.entries(properties as Record<string, Json>).map(([name, schema]) => {
    const optional = (required as string[]).includes(name) ? '' : '?';
    return `${commentOf(schema, inner)}${inner}${/^\w+$/.test(name) ? name : `'${name}'`}${optional}: ${typeOf(schema, inner)};\n`;
  });
  return `{\n${members.join('')}${indent}}`;
}

function typeOf(schema: Json, indent: string): string {
  const { $ref, type, enum: choices, anyOf, oneOf } = schema;
  if (typeof $ref === 'string') return $ref.slice($ref.lastIndexOf('/') + 1);
  if ('const' in schema) return literal(schema.const);
  if (Array.isArray(choices)) return choices.map(literal).join(' | ');
  const options = (anyOf ?? oneOf) as Json[] | undefined;
  if (options) return [...new Set(options.map((option) => typeOf(option, indent)))].join(' | ');
  if (Array.isArray(type)) return type.map((one) => typeOf({ ...schema, type: one }, indent)).join(' | ');
  if (type === 'array') return arrayOf(schema, indent);
  if (type === 'object') return objectOf(schema, indent);
  if (type === 'integer' || type === 'number') return 'number';
  return typeof type === 'string' ? type : 'unknown';
}

function arrayOf({ items = {}, minItems, maxItems }: Json, indent: string): string {
  const item = typeOf(items as Json, indent);
  if (typeof minItems === 'number' && minItems === maxItems) return `[${Array.from({ length: minItems }, () => item).join(', ')}]`;
  return / [|] /.test(item) ? `(${item})[]` : `${item}[]`;
}

function objectOf(schema: Json, indent: string): string {
  const { properties, additionalProperties } = schema;
  if (properties) return membersOf(schema, indent);
  return `Record<string, ${typeof additionalProperties === 'object' ? typeOf(additionalProperties as Json, indent) : 'unknown'}>`;
}

const literal = (value: unknown) => (typeof value === 'string' ? `'${value}'` : String(value));

function commentOf({ description }: Json, indent: string): string {
  return typeof description === 'string' ? `${indent}/** ${description.replaceAll('*/', '*\\/')} */\n` : '';
}
