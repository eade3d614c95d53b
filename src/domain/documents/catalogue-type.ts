// A type as a document describes it: Posthorn's own catalogue file, OpenAPI or AsyncAPI. Places of faults are JSON pointers
// into that document.
import type { TypeSettings } from '../catalogue/event-type.ts';
import { pointerKey } from '../json-pointer.ts';
import type { Step } from '../shaping/converter.ts';

export interface DocumentFault {
  /** JSON pointer into the document. */
  pointer: string;
  message: string;
}

export interface CatalogueVersion {
  /** `auto`: the document names no version. */
  version: number | 'auto';
  /** Undefined: none. */
  schema?: unknown;
  examples?: unknown[] | undefined;
  /** Where the schema and the examples are. */
  schemaAt: string;
  examplesAt: string;
  /** All converters from this version to others. Undefined: the stored ones stay. */
  converters?: { to: number; steps: Step[]; at: string }[] | undefined;
  /** Of a definition that was copied into the schema: where it is in the document. By its name in `$defs`. */
  origins?: ReadonlyMap<string, string>;
}

export interface CatalogueType {
  name: string;
  /** Settings that the document does not have stay as they are. */
  settings: Partial<TypeSettings>;
  /** Lowest first. */
  versions: CatalogueVersion[];
  at: string;
}

/** A type of a document, or null for what is wrong elsewhere in it. */
export interface ReadType {
  type: CatalogueType | null;
  faults: DocumentFault[];
}

export interface ReadDocument {
  format: DocumentFormat;
  /** Read one after the other: a large document takes long. */
  reads: Iterable<ReadType>;
}

/** A document of which nothing can be read. */
export const refusedDocument = (format: DocumentFormat, ...faults: DocumentFault[]): ReadDocument => ({
  format,
  reads: [{ type: null, faults }],
});

export const documentFormats = ['posthorn', 'openapi', 'asyncapi'] as const;
export type DocumentFormat = (typeof documentFormats)[number];

/** Where a fault in a schema of the document is. `pointer`: within the schema. */
export function placeInDocument({ schemaAt, origins }: CatalogueVersion, pointer: string): string {
  const [, name, rest = ''] = /^\/\$defs\/([^/]+)(\/.*)?$/.exec(pointer) ?? [];
  const origin = name === undefined ? undefined : origins?.get(pointerKey(name));
  return origin === undefined ? `${schemaAt}${pointer}` : `${origin}${rest}`;
}
