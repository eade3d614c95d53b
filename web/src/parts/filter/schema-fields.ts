// The paths that a filter or a template can name, from the JSON Schema of an event type or from an example.

export interface SchemaField {
  /** As filters write it, such as `data.items.*.sku`. */
  path: string;
  /** JSON types: `string`, `number`, `boolean`…; empty: any. */
  types: string[];
  /** From the schema; empty: none. */
  description: string;
  /** The values that the schema lists. */
  values: unknown[];
}

const most = { fields: 200, depth: 8 } as const;
type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
const escaped = (key: string) => key.replace(/[\\.*]/g, '\\$&');

/** `schema`: of `data`. At most 200, in the order of the schema. */
export function fieldsOfSchema(schema: unknown): SchemaField[] {
  const found = new Map<string, SchemaField>();
  const visit = (part: unknown, path: string, depth: number, seen: readonly unknown[]): void => {
    if (!isObject(part) || depth > most.depth || seen.includes(part) || found.size >= most.fields) return;
    const trail = [...seen, part];
    if (typeof part.$ref === 'string') visit(resolved(schema, part.$ref), path, depth, trail);
    note(found, path, part);
    for (const [key, value] of Object.entries(isObject(part.properties) ? part.properties : {}))
      visit(value, `${path}.${escaped(key)}`, depth + 1, trail);
    if (part.items !== undefined) visit(part.items, `${path}.*`, depth + 1, trail);
    for (const name of ['allOf', 'anyOf', 'oneOf'])
      for (const branch of Array.isArray(part[name]) ? part[name] : []) visit(branch, path, depth, trail);
  };
  visit(schema, 'data', 0, []);
  found.delete('data');
  return [...found.values()];
}

function note(found: Map<string, SchemaField>, path: string, part: Json): void {
  const field = found.get(path) ?? { path, types: [], description: '', values: [] };
  const types = (Array.isArray(part.type) ? part.type : [part.type]).filter((type) => typeof type === 'string');
  const values = Array.isArray(part.enum) ? part.enum : 'const' in part ? [part.const] : [];
  const description = [part.description, part.title].find((text) => typeof text === 'string') ?? '';
  found.set(path, {
    path,
    types: [...new Set([...field.types, ...types.map((type) => (type === 'integer' ? 'number' : type))])],
    description: field.description || String(description),
    values: [...field.values, ...values].slice(0, 50),
  });
}

/** Only within the schema. */
function resolved(schema: unknown, ref: string): unknown {
  if (!ref.startsWith('#')) return undefined;
  const parts = ref.slice(1).split('/').slice(1);
  return parts.reduce<unknown>((part, name) => {
    const key = name.replaceAll('~1', '/').replaceAll('~0', '~');
    return isObject(part) || Array.isArray(part) ? (part as Json)[key] : undefined;
  }, schema);
}

/** `example`: a value of `data`. For types without a schema. */
export function fieldsOfExample(example: unknown): SchemaField[] {
  const found = new Map<string, SchemaField>();
  const visit = (value: unknown, path: string, depth: number): void => {
    if (depth > most.depth || found.size >= most.fields) return;
    const type = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
    if (depth > 0 && !found.has(path)) found.set(path, { path, types: [type], description: '', values: [] });
    if (Array.isArray(value)) visit(value[0], `${path}.*`, depth + 1);
    else if (isObject(value)) for (const [key, member] of Object.entries(value)) visit(member, `${path}.${escaped(key)}`, depth + 1);
  };
  visit(example, 'data', 0);
  return [...found.values()];
}

/** By schema, or by example where there is none. Fields of the same path once. */
export function fieldsOfTypes(types: readonly { schema: unknown; examples: readonly unknown[] }[]): SchemaField[] {
  const all = types.flatMap(({ schema, examples: [example] }) => {
    const known = fieldsOfSchema(schema);
    return known.length > 0 ? known : fieldsOfExample(example);
  });
  return [...new Map(all.toReversed().map((field) => [field.path, field])).values()].toReversed();
}
