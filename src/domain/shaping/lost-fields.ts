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
  return requiredPaths(target).flatMap((path): LostField[] => {
    const origin = originOf(path, steps);
    if (origin === 'made') return [];
    if ('lostBy' in origin) return [{ path: path.join('.'), step: origin.lostBy }];
    const isCertain = !isObjectSchema(source) || requiredPaths(source).some((one) => one.join('\0') === origin.path.join('\0'));
    return isCertain ? [] : [{ path: path.join('.'), step: null }];
  });
}

type Path = readonly string[];

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

/** Follows a member of the result back through the steps. `made`: a step gives it whatever there was. */
function originOf(target: Path, steps: readonly Step[]): { path: Path } | { lostBy: number } | 'made' {
  let path = target;
  for (let index = steps.length - 1; index >= 0; index--) {
    const step = steps[index];
    if (!step) continue;
    if ('default' in step && startsWith(keysOf(step.default), path)) return 'made';
    const [from, to] = movement(step);
    if (to && startsWith(path, to)) path = [...from, ...path.slice(to.length)];
    // a member that is moved into an object makes the object
    else if (to && startsWith(to, path)) path = from;
    else if (from.length > 0 && startsWith(path, from)) return { lostBy: index };
  }
  return { path };
}

/** From where to where a step takes a member. No `to`: it is dropped. No `from`: it stays. */
function movement(step: Step): [from: Path, to?: Path] {
  if ('drop' in step) return [keysOf(step.drop)];
  if ('move' in step) return [keysOf(step.move), keysOf(step.to)];
  if ('rename' in step) return [keysOf(step.rename), [...keysOf(step.rename).slice(0, -1), step.to]];
  return [[]];
}

function startsWith(path: Path, start: Path): boolean {
  return start.every((key, index) => path[index] === key);
}
