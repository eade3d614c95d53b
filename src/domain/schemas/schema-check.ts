// Checks a JSON Schema before it is compiled: what Posthorn does not take, such as references to other documents, and what
// would make validation slow or endless. Whether the values of keywords are right is checked with the metaschema.
import { refFaults, type SchemaFault } from './schema-refs.ts';
import { applicators, isObject, type JsonObject, pointerPart, type SchemaNode, walkSchema } from './schema-walk.ts';

const dialect = 'https://json-schema.org/draft/2020-12/schema';
export const maxSchemaBytes = 64 * 1024;
const mostLevels = 64;
export const mostSubschemas = 2_000;
const mostFaults = 100;
const longestPattern = 1_000;
const mostPatterns = 200;

const keywords = new Set([
  ...applicators,
  ...'$schema $id $ref $anchor $dynamicRef $dynamicAnchor $comment type enum const multipleOf maximum exclusiveMaximum minimum'.split(' '),
  ...'exclusiveMinimum maxLength minLength pattern maxItems minItems uniqueItems maxContains minContains maxProperties'.split(' '),
  ...'minProperties required dependentRequired title description default deprecated readOnly writeOnly examples format'.split(' '),
  ...'contentEncoding contentMediaType'.split(' '),
  // annotations of OpenAPI and AsyncAPI
  ...'example externalDocs discriminator xml'.split(' '),
]);

const instead: Record<string, string> = {
  nullable: 'is not a keyword of JSON Schema 2020-12; use "type": ["…", "null"]',
  dependencies: 'is not a keyword of JSON Schema 2020-12; use dependentRequired or dependentSchemas',
  additionalItems: 'is not a keyword of JSON Schema 2020-12; use prefixItems for the first items and items for the rest',
  id: 'is not a keyword of JSON Schema 2020-12; use $id',
  $vocabulary: 'is not supported; Posthorn reads JSON Schema 2020-12',
  $recursiveRef: 'is not a keyword of JSON Schema 2020-12; use $dynamicRef',
};

export interface Supported {
  formats: ReadonlySet<string>;
  /** Null: the regular expression can be used; otherwise what is wrong with it. */
  patternFault(pattern: string): string | null;
}

/** At most 100 faults; empty: there is none. */
export function schemaFaults(schema: unknown, supported: Supported): SchemaFault[] {
  const bytes = Buffer.byteLength(JSON.stringify(schema) ?? '');
  if (bytes > maxSchemaBytes) return [{ pointer: '', message: `must not be larger than ${maxSchemaBytes / 1024} KiB` }];
  const nodes = [...walkSchema(schema, mostLevels)];
  if (nodes.length > mostSubschemas) return [{ pointer: '', message: `must not have more than ${mostSubschemas} subschemas` }];
  const deep = nodes.find(({ depth }) => depth >= mostLevels);
  if (deep) return [{ pointer: deep.pointer.slice(0, 200), message: `must not nest deeper than ${mostLevels} levels` }];
  if (nodes.reduce((sum, { schema: one }) => sum + patternsOf(one).length, 0) > mostPatterns)
    return [{ pointer: '', message: `must not have more than ${mostPatterns} patterns` }];
  const faults = nodes.flatMap((node) => nodeFaults(node, supported));
  return (faults.length > 0 ? faults : refFaults(schema, nodes)).slice(0, mostFaults);
}

function nodeFaults({ schema, pointer, depth }: SchemaNode, supported: Supported): SchemaFault[] {
  if (typeof schema === 'boolean') return [];
  if (!isObject(schema)) return [{ pointer, message: 'must be a JSON Schema: an object, true or false' }];
  const faults = Object.keys(schema).flatMap((keyword) => keywordFaults(keyword, `${pointer}/${pointerPart(keyword)}`));
  if (depth > 0 && '$id' in schema) faults.push({ pointer: `${pointer}/$id`, message: 'must be at the root of the schema only' });
  if (schema.$schema !== undefined && !isDialect(schema.$schema))
    faults.push({ pointer: `${pointer}/$schema`, message: `must be ${dialect}: other versions of JSON Schema are not supported` });
  return [...faults, ...textFaults(schema, pointer, supported)];
}

const isDialect = (value: unknown) => typeof value === 'string' && value.replace(/#$/, '') === dialect;

function keywordFaults(keyword: string, pointer: string): SchemaFault[] {
  if (keywords.has(keyword) || keyword.startsWith('x-')) return [];
  const message = Object.hasOwn(instead, keyword) ? instead[keyword] : undefined;
  return [{ pointer, message: message ?? 'is not a keyword of JSON Schema 2020-12; the name of an extension begins with x-' }];
}

function textFaults(schema: JsonObject, pointer: string, { formats, patternFault }: Supported): SchemaFault[] {
  const { format } = schema;
  const faults: SchemaFault[] = [];
  if (typeof format === 'string' && !formats.has(format))
    faults.push({ pointer: `${pointer}/format`, message: `is not supported; use one of ${[...formats].toSorted().join(', ')}` });
  for (const [text, at] of patternsOf(schema)) {
    const message = text.length > longestPattern ? `must not be longer than ${longestPattern} characters` : patternFault(text);
    if (message !== null) faults.push({ pointer: `${pointer}${at}`.slice(0, 200), message });
  }
  return faults;
}

/** The regular expressions of a schema itself, with their places in it. */
function patternsOf(schema: unknown): [pattern: string, pointer: string][] {
  if (!isObject(schema)) return [];
  const { pattern, patternProperties } = schema;
  const keys = isObject(patternProperties) ? Object.keys(patternProperties) : [];
  const ofKeys = keys.map((text): [string, string] => [text, `/patternProperties/${pointerPart(text)}`]);
  return typeof pattern === 'string' ? [[pattern, '/pattern'], ...ofKeys] : ofKeys;
}
