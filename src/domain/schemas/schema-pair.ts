// The two subschemas that are compared at one place, with their references followed.
import { localRef } from './schema-refs.ts';
import { isObject, type JsonObject } from './schema-walk.ts';

export interface Pair {
  before: unknown;
  after: unknown;
  roots: readonly [unknown, unknown];
  /** Pairs of references that are being compared already: a schema may contain itself. */
  seen: ReadonlySet<string>;
  /** How many more places may be compared: references can multiply them. */
  budget: { left: number };
}

/** Follows `$ref` on both sides. Null: this pair is being compared already. */
export function derefed(pair: Pair): Pair | null {
  const refs = [refOf(pair.before), refOf(pair.after)];
  if (refs.every((ref) => ref === null)) return pair;
  const key = refs.join('\n');
  if (pair.seen.has(key)) return null;
  const [before, after] = [follow(pair.before, pair.roots[0]), follow(pair.after, pair.roots[1])];
  return derefed({ ...pair, before, after, seen: new Set([...pair.seen, key]) });
}

const refOf = (schema: unknown) => (isObject(schema) && typeof schema.$ref === 'string' ? schema.$ref : null);

/** The target, with the keywords beside the reference added to it. */
function follow(schema: unknown, root: unknown): unknown {
  const ref = refOf(schema);
  if (ref === null || !isObject(schema)) return schema;
  const { $ref: _ref, ...beside } = schema;
  const target = targetOf(ref, root);
  if (Object.keys(beside).length === 0 || !isObject(target)) return target;
  return { ...target, ...beside };
}

function targetOf(ref: string, root: unknown): unknown {
  const local = localRef(ref, isObject(root) ? root : {}) ?? '#';
  const fragment = decodeURIComponent(local.slice(1));
  if (fragment !== '' && !fragment.startsWith('/')) return anchored(root, fragment) ?? true;
  const parts = fragment.split('/').slice(1);
  return parts.reduce<unknown>((at, part) => {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    return typeof at === 'object' && at !== null ? ((at as JsonObject)[key] ?? true) : true;
  }, root);
}

function anchored(schema: unknown, name: string): unknown {
  if (typeof schema !== 'object' || schema === null) return undefined;
  if ((schema as JsonObject).$anchor === name) return schema;
  for (const value of Object.values(schema)) {
    const found = anchored(value, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether two JSON values are equal, whatever the order of their keys. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, index) => same(item, b[index]));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]));
}
