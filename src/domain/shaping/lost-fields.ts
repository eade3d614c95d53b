// Finds what a converter can lose: a member that the schema of the target version requires, and that an event of the version
// before need not have, or that a step removes. Examples alone would not show it, because they often have every member.

import { keysOf, type Step } from './converter.ts';
import { each } from './json-tree.ts';

export interface LostField {
  /** In `data` of the target version, such as customer.id. */
  path: string;
  /** The step that loses it; null: events of the source version may lack it. */
  step: number | null;
}

/** Schemas that are no simple objects are not looked into: examples have to show what converters do with them. */
export function lostFields(steps: readonly Step[], source: unknown, target: unknown): LostField[] {
  const movements = steps.map(movementOf).reverse();
  const isAnyCertain = !isObjectSchema(source);
  const certain = new Set(requiredPaths(source).map(keyOf));
  return requiredPaths(target).flatMap((path): LostField[] => {
    const origin = originOf(path, movements);
    if (origin === 'made') return [];
    if ('lostBy' in origin) return [{ path: path.join('.'), step: origin.lostBy }];
    return isAnyCertain || certain.has(keyOf(origin.path)) ? [] : [{ path: path.join('.'), step: null }];
  });
}

type Path = readonly string[];

const keyOf = (path: Path) => path.join('\0');

/** The members that every valid value has, from the outside in, as far as `properties`, `required` and `items` tell. */
function requiredPaths(schema: unknown, before: Path = []): Path[] {
  if (!isObjectSchema(schema) || before.length > 20) return [];
  const { properties = {}, required = [] } = schema;
  return required.flatMap((key) => {
    const path = [...before, key];
    const child = Object.hasOwn(properties, key) ? properties[key] : undefined;
    const items = (child as { items?: unknown } | undefined)?.items;
    return [path, ...requiredPaths(child, path), ...requiredPaths(items, [...path, each])];
  });
}

interface ObjectSchema {
  properties?: Record<string, unknown>;
  required?: string[];
}

function isObjectSchema(schema: unknown): schema is ObjectSchema {
  return typeof schema === 'object' && schema !== null && ('properties' in schema || 'required' in schema);
}

/** Follows a member of the result back through the steps, the last one first. `made`: a step gives it whatever there was. */
function originOf(target: Path, movements: readonly Movement[]): { path: Path } | { lostBy: number } | 'made' {
  let path = target;
  for (const { from, to, made, step } of movements) {
    if (made && startsWith(made, path)) return 'made';
    if (to && startsWith(path, to)) path = [...from, ...path.slice(to.length)];
    // a member that is moved into an object makes the object
    else if (to && startsWith(to, path)) path = from;
    else if (from.length > 0 && startsWith(path, from)) return { lostBy: step };
  }
  return { path };
}

/** From where to where a step takes a member. No `to`: it is dropped. No `from`: it stays. `made`: it gets a value there. */
interface Movement {
  step: number;
  from: Path;
  to?: Path;
  made?: Path;
}

function movementOf(given: Step, step: number): Movement {
  if ('drop' in given) return { step, from: keysOf(given.drop) };
  if ('move' in given) return { step, from: keysOf(given.move), to: keysOf(given.to) };
  if ('rename' in given) return { step, from: keysOf(given.rename), to: [...keysOf(given.rename).slice(0, -1), given.to] };
  return { step, from: [], ...('default' in given && { made: keysOf(given.default) }) };
}

function startsWith(path: Path, start: Path): boolean {
  return start.every((key, index) => path[index] === key);
}
