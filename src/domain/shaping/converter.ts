// Converters between two versions of an event type: steps that change `data`, one after the other.
import { z } from 'zod';
import { each, JsonTree } from './json-tree.ts';
import { parsePath } from './path.ts';
import { ShapingError } from './shaping-error.ts';

const longestPath = 500;
const mostSteps = 200;

const path = z
  .string()
  .min(1)
  .max(longestPath)
  .superRefine((text, context) => {
    const keys = parsePath(text);
    if (typeof keys === 'string') context.addIssue({ code: 'custom', message: keys });
    else if (keys.at(-1) === each) context.addIssue({ code: 'custom', message: 'must not end with *: name a member of the elements' });
  })
  .describe('path in `data`, such as customer.name; `*` stands for every element of an array: lines.*.sku');
const key = z.string().min(1).max(200);
const constant = z.unknown().superRefine((value, context) => {
  const wrong = roundedIn(value);
  if (wrong) context.addIssue({ code: 'custom', message: wrong });
});

export const step = z
  .union(
    [
      z.strictObject({ rename: path, to: key.describe('the new key, in the same object') }),
      z.strictObject({ move: path, to: path }),
      z.strictObject({ drop: path }),
      z.strictObject({ default: path, value: constant.describe('what a missing member becomes') }),
      z.strictObject({
        map: path,
        values: z.record(z.string(), constant).describe('what stands for each value; others stay as they are'),
        otherwise: constant.optional().describe('what stands for all other values'),
      }),
    ],
    { error: 'must be one of rename, move, drop, default and map' },
  )
  .superRefine((given, context) => {
    const problem = stepProblem(given);
    if (problem) context.addIssue({ code: 'custom', ...problem });
  });
export type Step = z.infer<typeof step>;
export const steps = z.array(step).max(mostSteps).describe('changes of `data`, in order');

function roundedIn(value: unknown): string | null {
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value))
    return 'is a whole number above 2^53, which would be rounded; send it as a text';
  if (typeof value === 'number' && !Number.isFinite(value)) return 'is too large a number; send it as a text';
  if (typeof value !== 'object' || value === null) return null;
  return Object.values(value).map(roundedIn).find(Boolean) ?? null;
}

function stepProblem(given: Step): { path: string[]; message: string } | null {
  if ('default' in given && given.value === undefined) return { path: ['value'], message: 'is missing' };
  if (!('move' in given)) return null;
  const [from, to] = [keysOf(given.move), keysOf(given.to)];
  // what is moved must stay within the element that it is in
  const shared = from.slice(0, from.lastIndexOf(each) + 1);
  if (
    to.filter((key) => key === each).length !== shared.filter((key) => key === each).length ||
    shared.some((key, index) => to[index] !== key)
  )
    return { path: ['to'], message: `must begin with ${shared.join('.') || 'no *'}, because what is moved stays in its element` };
  return to.slice(0, from.length).join('\0') === from.join('\0') ? { path: ['to'], message: 'must not lead into what is moved' } : null;
}

/** Of a path that `path` has accepted. */
export function keysOf(text: string): readonly string[] {
  const keys = parsePath(text);
  return typeof keys === 'string' ? [] : keys;
}

/** Characters that a converter may add. A short one can add something to each element of a long array. */
const mostAdded = 1024 * 1024;

/** The text of `data` after the steps. A step that finds nothing changes nothing. Throws ShapingError if it becomes too long. */
export function convert(data: string, given: readonly Step[]): string {
  const tree = new JsonTree(data);
  let left = mostAdded;
  const adds = (text: string) => {
    left -= text.length;
    if (left < 0) throw new ShapingError(`the converter adds more than ${mostAdded} characters to the event`);
  };
  for (const one of given) applyStep(tree, one, adds);
  return tree.text;
}

/** Called with each text that a step adds. */
type Adds = (text: string) => void;

function applyStep(tree: JsonTree, given: Step, adds: Adds): void {
  if ('rename' in given) inObjects(tree, given.rename, (members, key) => renameKey(members, key, given.to, adds));
  else if ('drop' in given) inObjects(tree, given.drop, (members, key) => void members.delete(key));
  else if ('map' in given) inObjects(tree, given.map, (members, key) => mapValue(members, key, given, adds));
  else if ('move' in given) moveValue(tree, keysOf(given.move), given.to, adds);
  else setMissing(tree, given.default, JSON.stringify(given.value), adds);
}

function setMissing(tree: JsonTree, path: string, text: string, adds: Adds): void {
  const set = (members: Map<string, JsonTree>, key: string) => {
    if (members.has(key)) return;
    adds(path + text);
    members.set(key, new JsonTree(text));
  };
  inObjects(tree, path, set, true);
}

/** Calls it for each object that has, or may have, the last key of the path. `makes`: objects on the way are made. */
function inObjects(tree: JsonTree, text: string, call: (members: Map<string, JsonTree>, key: string) => void, makes = false): void {
  const keys = keysOf(text);
  const key = keys.at(-1) ?? '';
  const parents = keys.slice(0, -1);
  const within = parents.lastIndexOf(each) + 1;
  for (const element of tree.all(parents.slice(0, within))) {
    const rest = parents.slice(within);
    const members = makes ? element.made(rest) : element.all(rest)[0]?.members();
    if (members) call(members, key);
  }
}

/** The member keeps its place. A member that has the new key already is replaced. */
function renameKey(members: Map<string, JsonTree>, key: string, to: string, adds: Adds): void {
  if (!members.has(key) || key === to) return;
  adds(to);
  const renamed = [...members].filter(([name]) => name !== to).map(([name, value]) => [name === key ? to : name, value] as const);
  members.clear();
  for (const [name, value] of renamed) members.set(name, value);
}

interface ValueMap {
  values: Record<string, unknown>;
  otherwise?: unknown;
}

function mapValue(members: Map<string, JsonTree>, key: string, { values, otherwise }: ValueMap, adds: Adds): void {
  const text = members.get(key)?.text;
  if (text === undefined) return;
  const value = text.startsWith('"') ? (JSON.parse(text) as string) : text;
  const mapped = Object.hasOwn(values, value) ? values[value] : otherwise;
  if (mapped === undefined) return;
  const written = JSON.stringify(mapped);
  adds(written);
  members.set(key, new JsonTree(written));
}

function moveValue(tree: JsonTree, from: readonly string[], path: string, adds: Adds): void {
  const to = keysOf(path);
  const within = from.lastIndexOf(each) + 1;
  for (const element of tree.all(from.slice(0, within))) {
    const [parents, key] = [from.slice(within, -1), from.at(-1) ?? ''];
    const members = element.all(parents)[0]?.members();
    const value = members?.get(key);
    if (!members || !value) continue;
    adds(path);
    const target = element.made(to.slice(within, -1));
    if (!target) continue;
    members.delete(key);
    target.set(to.at(-1) ?? '', value);
  }
}
