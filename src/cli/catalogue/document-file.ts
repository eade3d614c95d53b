// Reads a catalogue, OpenAPI or AsyncAPI file, in YAML or JSON, and knows where in the file each part of it is.
import { type Document, isMap, isNode, isPair, isScalar, LineCounter, parseDocument, stringify } from 'yaml';
import { pointerKey } from '#domain/json-pointer';
import { CommandFailed, UsageError } from '../terminal/exit-codes.ts';

export interface DocumentFile {
  /** As JSON. */
  value: unknown;
  /** Such as `catalogue.yaml:12:5`, for a JSON pointer into the document. The part itself, or the nearest one around it. */
  placeOf(pointer: string): string;
}

/** Each key that is written twice, each mistake in the syntax and each alias too many is an error with line and column. */
export function readDocumentFile(name: string, text: string): DocumentFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false });
  const placeAt = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  const mistakes = document.errors.map(({ pos, message }) => `${placeAt(pos[0])}: ${message}`);
  if (mistakes.length > 0) throw new UsageError(mistakes.slice(0, 20).join('\n'));
  return { value: contentOf(document, name), placeOf: (pointer) => placeAt(offsetOf(document, pointer)) };
}

function contentOf(document: Document, name: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new UsageError(`${name}: ${(error as Error).message}`);
  }
}

/** Of the key of the last part that exists, or of the item. */
function offsetOf(document: Document, pointer: string): number {
  let at: unknown = document.contents;
  let offset = isNode(document.contents) ? (document.contents.range?.[0] ?? 0) : 0;
  for (const part of pointer.split('/').slice(1)) {
    const next = partOf(at, pointerKey(part), document);
    if (!next) break;
    at = next.value;
    offset = next.offset ?? offset;
  }
  return offset;
}

function partOf(node: unknown, key: string, document: Document): { value: unknown; offset: number | undefined } | null {
  const found = isNode(node) && node.constructor.name === 'Alias' ? (node as { resolve(of: Document): unknown }).resolve(document) : node;
  if (!isNode(found) || !('items' in found) || !Array.isArray(found.items)) return null;
  if (!isMap(found)) {
    const item: unknown = found.items[Number(key)];
    return isNode(item) ? { value: item, offset: item.range?.[0] } : null;
  }
  const pair = found.items.find((one) => isPair(one) && isScalar(one.key) && String(one.key.value) === key);
  return pair && isScalar(pair.key) ? { value: pair.value, offset: pair.key.range?.[0] } : null;
}

/** A document as YAML, for people and for `posthorn apply`. */
export const yamlText = (value: unknown) => stringify(value, { lineWidth: 120, aliasDuplicateObjects: false });

/** Errors of the API about the document, each with its place in the file. */
export function faultsText(file: DocumentFile, errors: readonly { path: string; message: string }[]): CommandFailed {
  const lines = errors.map(({ path, message }) => {
    const [, pointer] = /^document(\/.*)?$/s.exec(path) ?? [];
    return path.startsWith('document')
      ? `${file.placeOf(pointer ?? '')}: ${pointer?.slice(1) ?? ''} ${message}`.replace(':  ', ': ')
      : `${path}: ${message}`;
  });
  return new CommandFailed(lines.join('\n'));
}
