// Paths of a filter: keys joined by dots, such as `data.items.*.sku`.
import { faultText } from '../faults/fault.ts';

/** One step into a value. Null: into any element of an array. `index`: the position in an array; -1: none. */
export type Step = { key: string; index: number } | null;

const maxLength = 256;
const maxSteps = 16;
const maxStars = 2;
const position = /^(?:0|[1-9]\d{0,8})$/;

/** Returns the steps, or what is wrong with the path. */
export function parsePath(path: string): Step[] | string {
  if (path.length > maxLength) return faultText('too_long', { most: maxLength });
  const parts = partsOf(path);
  if (typeof parts === 'string') return parts;
  const [first, ...others] = parts;
  if (first?.key !== 'type' && first?.key !== 'data') return faultText('filter_path_root');
  if (first.key === 'type' && others.length > 0) return faultText('filter_path_type');
  if (parts.length > maxSteps) return faultText('filter_path_parts', { most: maxSteps });
  if (parts.filter((part) => part === null).length > maxStars) return faultText('filter_path_stars', { most: maxStars });
  return parts;
}

/** `\` before a dot, a star or another `\` makes it a part of the key. */
function partsOf(path: string): Step[] | string {
  const parts: Step[] = [];
  let [key, isPlain] = ['', true];
  const end = () => parts.push(key === '*' && isPlain ? null : { key, index: position.test(key) ? Number(key) : -1 });
  for (let at = 0; at < path.length; at++) {
    const char = path[at] as string;
    if (char === '.') {
      if (key === '') return faultText('filter_path_empty');
      end();
      [key, isPlain] = ['', true];
    } else if (char === '\\') {
      const next = path[++at] ?? '';
      if (!'.*\\'.includes(next) || next === '') return faultText('filter_path_backslash');
      key += next;
      isPlain = false;
    } else key += char;
  }
  if (key === '') return faultText('filter_path_empty');
  end();
  return parts;
}

/** The value at one step; undefined: there is none. Never called with an any-step. */
export function stepInto(value: unknown, { key, index }: { key: string; index: number }): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) return index < 0 ? undefined : value[index];
  return Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}
