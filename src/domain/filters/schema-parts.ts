// The parts of a JSON Schema that apply to the same value. Only what is certain is read; all else counts as "anything".

import { percentDecoded, pointerKey } from '../json-pointer.ts';

type JsonObject = Record<string, unknown>;

export interface Parts {
  /** Plain keywords, which all apply. Null: no value is allowed. */
  plain: JsonObject[] | null;
  /** Of each list (`anyOf`, `oneOf`) at least one schema applies. */
  choices: unknown[][];
}

/** References can multiply the places to look at. Above this, the rest counts as "anything". */
const mostParts = 200;

/** `root`: the schema in which references are found. */
export function partsOf(schema: unknown, root: unknown): Parts {
  const parts: { plain: JsonObject[]; choices: unknown[][] } = { plain: [], choices: [] };
  const waiting = [schema];
  for (let seen = 0; waiting.length > 0 && seen < mostParts; seen++) {
    const next = waiting.pop();
    if (next === false) return { plain: null, choices: [] };
    if (!isJsonObject(next)) continue;
    parts.plain.push(next);
    if (typeof next.$ref === 'string') waiting.push(targetOf(next.$ref, root));
    if (Array.isArray(next.allOf)) waiting.push(...next.allOf);
    for (const list of [next.anyOf, next.oneOf]) if (Array.isArray(list)) parts.choices.push(list);
  }
  return parts;
}

/** Undefined: not a place within the schema. */
function targetOf(ref: string, root: unknown): unknown {
  if (ref === '#') return root;
  if (!ref.startsWith('#/')) return undefined;
  let at = root;
  for (const part of ref.slice(2).split('/')) {
    const key = pointerKey(percentDecoded(part) ?? part);
    at = typeof at === 'object' && at !== null && Object.hasOwn(at, key) ? (at as JsonObject)[key] : undefined;
  }
  return at;
}

const composing = ['$ref', '$dynamicRef', 'allOf', 'anyOf', 'oneOf', 'if', 'then', 'else', 'dependentSchemas', 'not'];

/** The schema of a member. False: there is no such member. */
export function memberOf(plain: JsonObject, key: string): unknown {
  const { properties, patternProperties, additionalProperties, unevaluatedProperties } = plain;
  if (isJsonObject(properties) && Object.hasOwn(properties, key)) return properties[key];
  if (isJsonObject(patternProperties) && Object.keys(patternProperties).length > 0) return true;
  if (additionalProperties !== undefined) return additionalProperties;
  return unevaluatedProperties !== false || composing.some((keyword) => keyword in plain);
}

/** The schemas of elements: of one, or of all. */
export function elementsOf(plain: JsonObject, index: number | null): unknown[] {
  const first = Array.isArray(plain.prefixItems) ? plain.prefixItems : [];
  const { items = true } = plain;
  if (index === null) return [...first, items];
  return [index < first.length ? first[index] : items];
}

/** Whether values of one of these JSON types are allowed. */
export function allows(plain: JsonObject, ...types: string[]): boolean {
  const { type } = plain;
  const listed = 'const' in plain ? [plain.const] : plain.enum;
  if (Array.isArray(listed) && !listed.some((value) => types.includes(typeOf(value)))) return false;
  return type === undefined || [type].flat().some((one) => types.includes(String(one)));
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
