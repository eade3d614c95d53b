// The two subschemas that are compared at one place, with their references followed.
import { percentDecoded, pointerKey } from '../json-pointer.ts';
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
  known: Known;
}

/** What a comparison has found out: references lead to the same place again and again. */
export interface Known {
  /** How many more places may be compared: references can multiply them. */
  left: number;
  /** Of a reference: whether its target is the same on both sides, and the references in it. */
  targets: Map<string, { isSame: boolean; refs: readonly string[] }>;
  /** Of a reference: whether all that it leads to is the same on both sides. */
  sameTargets: Map<string, boolean>;
  /** Schemas with their references followed, before and after. */
  followed: readonly [WeakMap<object, unknown>, WeakMap<object, unknown>];
  /** Of the keywords before and after: whether they are the same with all that they refer to. */
  sameKeywords: Remembered;
  /** Of the schemas before and after: which values are gone and new. */
  values: Remembered;
}

export const nothingKnown = (left: number): Known => ({
  left,
  targets: new Map(),
  sameTargets: new Map(),
  followed: [new WeakMap(), new WeakMap()],
  sameKeywords: new Remembered(),
  values: new Remembered(),
});

/** Results for pairs of objects, each computed once. */
export class Remembered {
  readonly #results = new WeakMap<object, WeakMap<object, unknown>>();

  /** `compute` always gives the same type for a pair. */
  of<Result>(before: object, after: object, compute: () => Result): Result {
    const results = this.#results.get(before) ?? new WeakMap<object, unknown>();
    this.#results.set(before, results);
    if (!results.has(after)) results.set(after, compute());
    return results.get(after) as Result;
  }
}

/** Follows `$ref` on both sides. Null: this pair is being compared already. */
export function derefed(pair: Pair): Pair | null {
  const { before, after, roots, seen, known } = pair;
  if (refOf(before) === null && refOf(after) === null) return pair;
  if (seen.some(([one, other]) => one === before && other === after)) return null;
  return {
    ...pair,
    before: followed(before, roots[0], known.followed[0]),
    after: followed(after, roots[1], known.followed[1]),
    seen: [...seen, [before, after]],
  };
}

/** It ends, because no schema refers to itself in a circle. */
function followed(schema: unknown, root: unknown, known: WeakMap<object, unknown>): unknown {
  if (!isObject(schema) || refOf(schema) === null) return schema;
  if (known.has(schema)) return known.get(schema);
  let at: unknown = schema;
  while (refOf(at) !== null) at = follow(at, root);
  known.set(schema, at);
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
  const fragment = percentDecoded(local.slice(1)) ?? local.slice(1);
  if (fragment !== '' && !fragment.startsWith('/')) return anchored(root, fragment) ?? true;
  const parts = fragment.split('/').slice(1);
  return parts.reduce<unknown>((at, part) => {
    const key = pointerKey(part);
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
export function sameWithTargets(a: unknown, b: unknown, { roots, known }: Pick<Pair, 'roots' | 'known'>): boolean {
  const compute = () => same(a, b) && refsIn(a).every((ref) => leadsToSame(ref, roots, known));
  return typeof a === 'object' && typeof b === 'object' && a && b ? known.sameKeywords.of(a, b, compute) : same(a, b);
}

function leadsToSame(start: string, roots: Pair['roots'], { sameTargets, targets }: Known): boolean {
  const found = sameTargets.get(start);
  if (found !== undefined) return found;
  const reached = new Set([start]);
  let isSame = true;
  // a set goes on with what is added to it
  for (const ref of reached) {
    const target = targets.get(ref) ?? compareTarget(ref, roots);
    targets.set(ref, target);
    isSame = target.isSame && sameTargets.get(ref) !== false;
    if (!isSame) break;
    for (const further of target.refs) reached.add(further);
  }
  // all that it reaches leads to the same, too
  for (const ref of isSame ? reached : [start]) sameTargets.set(ref, isSame);
  return isSame;
}

function compareTarget(ref: string, roots: Pair['roots']): { isSame: boolean; refs: readonly string[] } {
  const [before, after] = [targetOf(ref, roots[0]), targetOf(ref, roots[1])];
  return { isSame: same(before, after), refs: refsIn(before) };
}

/** The references anywhere in a value. What only looks like one makes a comparison stricter, never laxer. */
function refsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    (key === '$ref' || key === '$dynamicRef') && typeof inner === 'string' ? [inner] : refsIn(inner),
  );
}
