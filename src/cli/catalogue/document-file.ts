// Reads a catalogue, OpenAPI or AsyncAPI file, in YAML or JSON, and knows where in the file each part of it is.
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  stringify,
  visit,
  type YAMLError,
} from 'yaml';
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
  const document = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false, intAsBigInt: true });
  const placeAt = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  const mistakes = [
    ...document.errors.map((error) => `${placeAt(error.pos[0])}: ${mistakeIn(error)}`),
    ...lossesIn(document).map(({ offset, message }) => `${placeAt(offset)}: ${message}`),
  ];
  if (mistakes.length === 0 && !isMap(document.contents)) mistakes.push(`${placeAt(0)}: ${noDocument(document)}`);
  if (mistakes.length > 0) throw new UsageError(mistakes.slice(0, 20).join('\n'));
  return { value: contentOf(document, name), placeOf: (pointer) => placeAt(offsetOf(document, pointer)) };
}

function mistakeIn({ code, message }: YAMLError): string {
  return code === 'MULTIPLE_DOCS' ? 'a second document begins (`---`): write each into a file of its own' : message;
}

function noDocument({ contents }: Document): string {
  return contents === null ? 'is empty' : 'must be an object, such as `eventTypes: …`';
}

interface Loss {
  offset: number;
  message: string;
}

/** What JSON cannot hold, or not exactly. Makes the whole numbers of the others plain again. */
function lossesIn(document: Document): Loss[] {
  const losses: Loss[] = [];
  const add = ({ range }: Node, message: string) => void losses.push({ offset: range?.[0] ?? 0, message });
  visit(document, {
    Alias(_key, alias, path) {
      const target = alias.resolve(document);
      if (target && path.includes(target)) add(alias, `the alias *${alias.source} is within what it stands for, which has no end`);
    },
    Scalar(_key, scalar) {
      if (typeof scalar.value !== 'bigint') return;
      const number = Number(scalar.value);
      if (!Number.isSafeInteger(number))
        add(
          scalar,
          `${scalar.source} is a whole number above 2^53, which would be rounded; write it as a text. A limit in a schema can be left out`,
        );
      scalar.value = number;
    },
  });
  return losses;
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
  const found = isAlias(node) ? node.resolve(document) : node;
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
