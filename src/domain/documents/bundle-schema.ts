// Takes a schema out of an OpenAPI or AsyncAPI document: what it refers to elsewhere in the document is copied into its
// `$defs`, so that it stands alone.
import { isObject, type JsonObject, mapSchema } from '../schemas/schema-walk.ts';

export interface Bundled {
  schema: unknown;
  /** By the name in `$defs`: where the definition is in the document. */
  origins: Map<string, string>;
}

/**
 * References within `document` (`#/…`) are followed; all others stay as they are. Ends on circular references. `at`: the
 * pointer of the schema, so that references to itself stay within it.
 */
export function bundleSchema(schema: unknown, document: unknown, at: string): Bundled {
  const names = new Map<string, string>();
  const waiting: string[] = [];
  const own = isObject(schema) && isObject(schema.$defs) ? Object.keys(schema.$defs) : [];
  const rewritten = (one: unknown) =>
    mapSchema(one, ({ $schema: _dialect, ...rest }) => {
      const { $ref } = rest;
      if (typeof $ref !== 'string' || !$ref.startsWith('#/')) return rest;
      const pointer = decodeURIComponent($ref.slice(1));
      if (pointer === at || pointer.startsWith(`${at}/`)) return { ...rest, $ref: `#${$ref.slice(1 + at.length)}` };
      if (!names.has(pointer)) {
        names.set(pointer, freeName(pointer, new Set([...own, ...names.values()])));
        waiting.push(pointer);
      }
      return { ...rest, $ref: `#/$defs/${(names.get(pointer) ?? '').replaceAll('~', '~0').replaceAll('/', '~1')}` };
    });
  const root = rewritten(schema);
  const defs: JsonObject = {};
  for (let pointer = waiting.shift(); pointer !== undefined; pointer = waiting.shift()) {
    // a reference that leads nowhere stays one, and the check of the schema names it
    const target = atPointer(document, pointer);
    if (target !== undefined) defs[names.get(pointer) ?? ''] = rewritten(target);
  }
  const origins = new Map([...names].map(([pointer, name]) => [name, pointer]));
  if (Object.keys(defs).length === 0 || !isObject(root)) return { schema: root, origins };
  return { schema: { ...root, $defs: { ...(isObject(root.$defs) && root.$defs), ...defs } }, origins };
}

function freeName(pointer: string, used: ReadonlySet<string>): string {
  const name = (pointer.split('/').at(-1) ?? '').replaceAll('~1', '/').replaceAll('~0', '~') || 'schema';
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? name : `${name}_${number}`;
    if (!used.has(candidate)) return candidate;
  }
}

/** Undefined: there is nothing. */
export function atPointer(document: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((at, part) => {
      const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
      return typeof at === 'object' && at !== null && Object.hasOwn(at, key) ? (at as JsonObject)[key] : undefined;
    }, document);
}

/** Follows `{ "$ref": "#/…" }` in place of an object of the document. Undefined: there is no object. */
export function objectAt(document: unknown, pointer: string, mostRefs = 10): { value: JsonObject; pointer: string } | undefined {
  const value = atPointer(document, pointer);
  if (!isObject(value)) return undefined;
  const { $ref } = value;
  if (typeof $ref !== 'string') return { value, pointer };
  return $ref.startsWith('#/') && mostRefs > 0 ? objectAt(document, decodeURIComponent($ref.slice(1)), mostRefs - 1) : undefined;
}
