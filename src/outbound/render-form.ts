// Renders the `form` body: `id`, `type`, `timestamp`, and `data` flattened with brackets, as Rails
// and PHP read them.
import { walkJson } from '#domain/events/json-walk';
import type { EventParts } from './event-parts.ts';
import { deepest, FormatError, longest } from './format-error.ts';

/**
 * Null and empty objects and arrays become an empty value. Numbers and booleans stay as they were written.
 * Throws `FormatError` above 100 levels or 4 Mi characters.
 * @example '{"lines":[{"sku":"a"}]}' becomes data%5Blines%5D%5B0%5D%5Bsku%5D=a
 */
export function formBody({ id, type, timestamp, data }: EventParts): string {
  const pairs = [pair('id', id), pair('type', type), pair('timestamp', timestamp)];
  let length = 0;
  for (const [path, value] of leaves(data)) {
    const text = pair(path, value);
    length += text.length + 1;
    if (length > longest) throw new FormatError('form', 'is too long');
    pairs.push(text);
  }
  return pairs.join('&');
}

interface Level {
  path: string;
  /** Index of the next array element; -1: this level is an object. */
  index: number;
  empty: boolean;
}

function* leaves(json: string): Generator<[path: string, value: string]> {
  const levels: Level[] = [];
  let path = 'data';
  const next = () => {
    const level = levels.at(-1);
    if (level) level.empty = false;
    if (level && level.index >= 0) path = `${level.path}[${level.index++}]`;
  };
  for (const token of walkJson(json)) {
    if (token.kind === 'key') path = `${levels.at(-1)?.path}[${written(token.key)}]`;
    else if (token.kind === 'close') {
      const { path: whole = '', empty = false } = levels.pop() ?? {};
      if (empty) yield [whole, ''];
    } else {
      next();
      if (token.kind === 'value') yield [path, token.string ?? (token.text === 'null' ? '' : token.text)];
      else levels.push({ path, index: token.of === 'array' ? 0 : -1, empty: true });
      if (levels.length > deepest) throw new FormatError('form', 'is nested too deep');
    }
  }
}

/** Escapes brackets and percent signs in a key, and the empty key, so that a key is never parsed as structure. */
function written(key: string): string {
  return key === '' ? '%00' : key.replace(/[[\]%]/g, encodeURIComponent);
}

function pair(name: string, value: string): string {
  return new URLSearchParams([[name, value]]).toString();
}
