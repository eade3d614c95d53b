// The two subschemas that are compared at one place, with their references followed.
import { localRef } from './schema-refs.ts';
import { isObject, type JsonObject } from './schema-walk.ts';

export interface Pair {
  before: unknown;
  after: unknown;
  roots: readonly [unknown, unknown];
  /** Pairs with a reference that are being compared already: a schema may contain itself. */
  seen: readonly (readonly [before: unknown, after: unknown])[];
  /** How many values the place is inside of. */
  depth: number;
  /** How many more places may be compared: references can multiply them. */
  budget: { left: number };
  /** Whether a reference leads to the same on both sides, as far as it was asked. */
  sameTargets: Map<string, boolean>;
}

/** Follows `$ref` on both sides. Null: this pair is being compared already. */
export function derefed(pair: Pair): Pair | null {
  const { before, after, roots, seen } = pair;
  if (refOf(before) === null && refOf(after) === null) return pair;
  if (seen.some(([one, other]) => one === before && other === after)) return null;
  return { ...pair, before: followed(before, roots[0]), after: followed(after, roots[1]), seen: [...seen, [before, after]] };
}

/** It ends, because no schema refers to itself in a circle. */
function followed(schema: unknown, root: unknown): unknown {
  let at = schema;
  while (refOf(at) !== null) at = follow(at, root);
  return at;
}

const refOf = (schema: unknown) => (isObject(schema) && typeof schema.$ref === 'string' ? schema.$ref : null);

/** Keywords that say nothing about values, so that they are not compared. */
const notCompared = new Set([
  ...'$schema $id $anchor $dynamicAnchor $comment $defs definitions title description default deprecated readOnly writeOnly'.split(' '),
  ...'examples example externalDocs discriminator xml contentEncoding contentMediaType contentSchema'.split(' '),
]);

/** The target, with the keywords beside the reference. Both apply: where both have the same keyword, the target is a branch. */
function follow(schema: unknown, root: unknown): unknown {
  const ref = refOf(schema);
  if (ref === null || !isObject(schema)) return schema;
  const { $ref: _ref, ...beside } = schema;
  const target = targetOf(ref, root);
  if (Object.keys(beside).length === 0 || target === false) return target;
  if (!isObject(target)) return beside;
  const isInBoth = (keyword: string) => Object.hasOwn(target, keyword) && !notCompared.has(keyword) && !keyword.startsWith('x-');
  if (!Object.keys(beside).some(isInBoth)) return { ...target, ...beside };
  return { ...beside, allOf: [target, ...(Array.isArray(beside.allOf) ? beside.allOf : [])] };
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
  const { $anchor, $dynamicAnchor } = schema as JsonObject;
  if ($anchor === name || $dynamicAnchor === name) return schema;
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

/** Whether two keywords are equal, with all that their schemas refer to. */
export function sameWithTargets(a: unknown, b: unknown, { roots, sameTargets }: Pick<Pair, 'roots' | 'sameTargets'>): boolean {
  return same(a, b) && refsIn(a).every((ref) => leadsToSame(ref, roots, sameTargets));
}

function leadsToSame(start: string, roots: Pair['roots'], known: Pair['sameTargets']): boolean {
  const found = known.get(start);
  if (found !== undefined) return found;
  const reached = new Set([start]);
  let isSame = true;
  // a set goes on with what is added to it
  for (const ref of reached) {
    const [before, after] = [targetOf(ref, roots[0]), targetOf(ref, roots[1])];
    isSame &&= same(before, after);
    if (!isSame) break;
    for (const further of refsIn(before)) reached.add(further);
  }
  known.set(start, isSame);
  return isSame;
}

/** The references anywhere in a value. What only looks like one makes a comparison stricter, never laxer. */
function refsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    (key === '$ref' || key === '$dynamicRef') && typeof inner === 'string' ? [inner] : refsIn(inner),
  );
}
