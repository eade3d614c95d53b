// Walks the subschemas of a JSON Schema 2020-12, each with its JSON pointer. Values such as those of `const` and
// `examples` are no subschemas.

export type JsonObject = Record<string, unknown>;

/** Keywords whose value is a subschema, a list of subschemas, or an object of subschemas. */
const single = new Set([
  'additionalProperties',
  'propertyNames',
  'items',
  'contains',
  'not',
  'if',
  'then',
  'else',
  'unevaluatedItems',
  'unevaluatedProperties',
  'contentSchema',
]);
const listed = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems']);
const mapped = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas']);

export const applicators: ReadonlySet<string> = new Set([...single, ...listed, ...mapped]);

/** Keywords whose subschemas apply to the same value as the schema itself. */
export const inPlace: ReadonlySet<string> = new Set(['allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else', 'dependentSchemas']);

export interface SchemaNode {
  schema: unknown;
  /** From the root of the schema, such as `/properties/total`. */
  pointer: string;
  /** The keyword that holds it, and the pointer of the schema with that keyword; both empty for the root. */
  keyword: string;
  parent: string;
  /** 0: the root. */
  depth: number;
}

export const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A key as a part of a JSON pointer. */
export const pointerPart = (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1');

/** Parents first. A value in the place of a subschema is passed on, whatever it is. Not deeper than `mostLevels`. */
export function* walkSchema(root: unknown, mostLevels = 1_000): Generator<SchemaNode> {
  const waiting: SchemaNode[] = [{ schema: root, pointer: '', keyword: '', parent: '', depth: 0 }];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    yield node;
    if (isObject(node.schema) && node.depth < mostLevels) waiting.push(...childrenOf(node.schema, node).reverse());
  }
}

function childrenOf(schema: JsonObject, { pointer, depth }: SchemaNode): SchemaNode[] {
  return Object.entries(schema).flatMap(([keyword, value]) => {
    const child = (at: string, inner: unknown): SchemaNode => ({
      schema: inner,
      pointer: `${pointer}/${pointerPart(keyword)}${at}`,
      keyword,
      parent: pointer,
      depth: depth + 1,
    });
    if (single.has(keyword)) return [child('', value)];
    if (listed.has(keyword) && Array.isArray(value)) return value.map((inner, index) => child(`/${index}`, inner));
    if (mapped.has(keyword) && isObject(value)) return Object.entries(value).map(([key, inner]) => child(`/${pointerPart(key)}`, inner));
    return [];
  });
}

/**
 * A copy with `change` applied to each subschema that is an object, the innermost first. `keyword`: that holds it, empty for
 * the root.
 */
export function mapSchema(schema: unknown, change: (schema: JsonObject, keyword: string) => unknown, keyword = ''): unknown {
  if (!isObject(schema)) return schema;
  const entries = Object.entries(schema).map(([key, value]): [string, unknown] => {
    if (single.has(key)) return [key, mapSchema(value, change, key)];
    if (listed.has(key) && Array.isArray(value)) return [key, value.map((inner) => mapSchema(inner, change, key))];
    if (mapped.has(key) && isObject(value))
      return [key, Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, mapSchema(inner, change, key)]))];
    return [key, value];
  });
  return change(Object.fromEntries(entries), keyword);
}
