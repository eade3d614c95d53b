// Renders the `xml` body. Members become elements, array elements become `item`, and a `type`
// attribute marks every value that is not a string.
import { walkJson } from '#domain/events/json-walk';
import type { EventParts } from './event-parts.ts';
import { deepest, FormatError } from './format-error.ts';

/**
 * XML reserves names that begin with `xml`, a colon would be a namespace, and JavaScript parsers refuse `__proto__`.
 */
const elementName = /^(?!xml|__)[A-Z_][A-Z0-9_.-]*$/i;

/** Throws `FormatError` above 100 levels. */
export function xmlBody({ id, type, timestamp, data }: EventParts): string {
  const about = [`id="${attribute(id)}"`, `type="${attribute(type)}"`, `timestamp="${attribute(timestamp)}"`];
  return `<?xml version="1.0" encoding="UTF-8"?>\n<event ${about.join(' ')}>${elements(data).join('')}</event>\n`;
}

function elements(json: string): string[] {
  const written: string[] = [];
  const open: { name: string; inArray: boolean }[] = [];
  let tag = { start: 'data', name: 'data' };
  for (const token of walkJson(json)) {
    if (token.kind === 'key') tag = tagOf(token.key);
    else if (token.kind === 'close') written.push(`</${open.pop()?.name}>`);
    else {
      if (open.at(-1)?.inArray) tag = { start: 'item', name: 'item' };
      if (token.kind === 'open') {
        written.push(`<${tag.start} type="${token.of}">`);
        open.push({ name: tag.name, inArray: token.of === 'array' });
        if (open.length > deepest) throw new FormatError('xml', 'is nested too deep');
      } else if (token.string !== null) written.push(`<${tag.start}>${escaped(token.string)}</${tag.name}>`);
      else written.push(`<${tag.start} type="${typeOf(token.text)}">${token.text === 'null' ? '' : token.text}</${tag.name}>`);
    }
  }
  return written;
}

/** A key that is not a valid element name becomes `<member name="…">`. */
function tagOf(key: string): { start: string; name: string } {
  return elementName.test(key) ? { start: key, name: key } : { start: `member name="${attribute(key)}"`, name: 'member' };
}

function typeOf(text: string): string {
  return text === 'null' ? 'null' : text === 'true' || text === 'false' ? 'boolean' : 'number';
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
  '\n': '&#10;',
  '\t': '&#9;',
};

function escaped(text: string): string {
  return keepable(text).replace(/[&<>\r]/g, (char) => entities[char] ?? char);
}

function attribute(text: string): string {
  return keepable(text).replace(/[&<>"\r\n\t]/g, (char) => entities[char] ?? char);
}

/** Replaces characters that XML 1.0 cannot hold, even escaped: control characters and lone surrogates. */
function keepable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern looks for control characters
  return text.toWellFormed().replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '\ufffd');
}
