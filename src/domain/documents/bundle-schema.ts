// Takes a schema out of an OpenAPI or AsyncAPI document: what it refers to elsewhere in the document is copied into its
// `$defs`, so that it stands alone.
import { percentDecoded, pointerKey } from '../json-pointer.ts';
import { maxSchemaBytes, mostSubschemas } from '../schemas/schema-check.ts';
import { isObject, type JsonObject, mapSchema, pointerPart } from '../schemas/schema-walk.ts';
import { lengthWithin } from './json-length.ts';

export interface Bundled {
  schema: unknown;
  /** By the name in `$defs`: where the definition is in the document. */
  origins: Map<string, string>;
}

/**
 * Far above what a schema may be: the check of the schema is exact. Here the limit keeps a document from being copied again
 * and again, because each of its types copies all that it refers to.
 */
const mostCharacters = 4 * maxSchemaBytes;

/**
 * References within `document` (`#/…`) are followed; all others stay as they are. Ends on circular references. `at`: the
 * pointer of the schema, so that references to itself stay within it. Null: it is too large with all that it refers to.
 */
export function bundleSchema(schema: unknown, document: unknown, at: string): Bundled | null {
  const definitions = new Definitions(isObject(schema) && isObject(schema.$defs) ? Object.keys(schema.$defs) : []);
  let left = mostCharacters;
  const rewritten = (one: unknown) => {
    left -= lengthWithin(one, left) ?? mostCharacters + 1;
    if (left < 0) return null;
    return mapSchema(one, ({ $schema: _dialect, ...rest }) => {
      const pointer = pointerIn(rest.$ref);
      if (pointer === null) return rest;
      if (pointer === at || pointer.startsWith(`${at}/`)) return { ...rest, $ref: referenceTo(pointer.slice(at.length)) };
      return { ...rest, $ref: referenceTo(`/$defs/${pointerPart(definitions.nameOf(pointer))}`) };
    });
  };
  const root = rewritten(schema);
  const defs: JsonObject = {};
  // a map goes on with what is added to it
  for (const [pointer, name] of definitions.names) {
    if (left < 0 || definitions.names.size > mostSubschemas) return null;
    // a reference that leads nowhere stays one, and the check of the schema names it
    const target = atPointer(document, pointer);
    if (target !== undefined) defs[name] = rewritten(target);
  }
  if (left < 0) return null;
  const origins = new Map([...definitions.names].map(([pointer, name]) => [name, pointer]));
  if (Object.keys(defs).length === 0 || !isObject(root)) return { schema: root, origins };
  return { schema: { ...root, $defs: { ...(isObject(root.$defs) && root.$defs), ...defs } }, origins };
}

/** The pointer of `#/…`. Null: another reference, none, or one that the check of the schema refuses. */
const pointerIn = (ref: unknown) => (typeof ref === 'string' && ref.startsWith('#/') ? percentDecoded(ref.slice(1)) : null);

const referenceTo = (pointer: string) => `#${pointer.replaceAll('%', '%25')}`;

/** What a schema refers to: each pointer once, with a name of its own in `$defs`. */
class Definitions {
  readonly names = new Map<string, string>();
  readonly #used: Set<string>;
  /** By the last part of pointers: the number to try next. */
  readonly #numbers = new Map<string, number>();

  /** `used`: names that are taken. */
  constructor(used: readonly string[]) {
    this.#used = new Set(used);
  }

  nameOf(pointer: string): string {
    const name = this.names.get(pointer) ?? this.#freeName(pointerKey(pointer.split('/').at(-1) ?? '') || 'schema');
    this.names.set(pointer, name);
    return name;
  }

  #freeName(wanted: string): string {
    for (let number = this.#numbers.get(wanted) ?? 1; ; number++) {
      const candidate = number === 1 ? wanted : `${wanted}_${number}`;
      if (this.#used.has(candidate)) continue;
      this.#numbers.set(wanted, number + 1);
      this.#used.add(candidate);
      return candidate;
    }
  }
}

/** Undefined: there is nothing. */
export function atPointer(document: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((at, part) => {
      const key = pointerKey(part);
      return typeof at === 'object' && at !== null && Object.hasOwn(at, key) ? (at as JsonObject)[key] : undefined;
    }, document);
}

/** Follows `{ "$ref": "#/…" }` in place of an object of the document. Undefined: there is no object. */
export function objectAt(document: unknown, pointer: string, mostRefs = 10): { value: JsonObject; pointer: string } | undefined {
  const value = atPointer(document, pointer);
  if (!isObject(value)) return undefined;
  if (typeof value.$ref !== 'string') return { value, pointer };
  const target = pointerIn(value.$ref);
  return target !== null && mostRefs > 0 ? objectAt(document, target, mostRefs - 1) : undefined;
}
