// Paths into an event, as templates and converters write them: keys joined by dots, such as `data.lines.0.sku`.
// Filters write them in the same way, and also have `*`.
import { faultText } from '../faults/fault.ts';

/** The keys from the outside in; the index of an array as its digits. */
export type Path = readonly string[];

const longest = 500;
const deepest = 30;

/** A text instead of a path: what is wrong with it. `\` before a dot or another `\` makes it a part of the key. */
export function parsePath(text: string): Path | string {
  if (text.length > longest) return faultText('too_long', { most: longest });
  if (/(?<!\\)(?:\\\\)*\\(?![.\\])/.test(text)) return faultText('path_backslash');
  const keys = [''];
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '.') keys.push('');
    else keys.push((keys.pop() ?? '') + text[text[at] === '\\' ? ++at : at]);
  }
  if (keys.length > deepest) return faultText('path_too_deep', { most: deepest });
  if (keys.includes('')) return faultText('path_empty_key');
  return keys;
}

/** Why a path may not begin with this key; null: it may. */
export type Roots = (first: string) => string | null;

const eventRoots = ['id', 'type', 'timestamp', 'version', 'data'];
export const ofEvent: Roots = (first) => (eventRoots.includes(first) ? null : faultText('path_root', { roots: eventRoots.join(', ') }));
