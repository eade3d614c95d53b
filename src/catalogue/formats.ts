// The formats of strings and numbers that schemas may name. Some of their regular expressions backtrack, so they see short
// texts only; a longer text does not have the format.
import type { Format } from 'ajv';
import { type DefinedFormats, fullFormats } from 'ajv-formats/dist/formats.js';

/** No value of these formats is longer in practice, and the worst text of this length takes less than a millisecond. */
const longest = 2_048;
/** Linear, and of any length. */
const unbounded: ReadonlySet<string> = new Set(['byte', 'binary', 'password', 'json-pointer', 'date', 'time', 'date-time']);

export const formats: Record<string, Format> = Object.fromEntries(
  Object.entries<Format>(fullFormats satisfies DefinedFormats).map(([name, format]) => [
    name,
    unbounded.has(name) ? format : bounded(format),
  ]),
);

export const formatNames: ReadonlySet<string> = new Set(Object.keys(formats));

function bounded(format: Format): Format {
  if (format instanceof RegExp) return (text: string) => text.length <= longest && format.test(text);
  if (typeof format === 'function') return (text: string) => text.length <= longest && format(text);
  return format;
}
