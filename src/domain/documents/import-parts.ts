// What the imports from OpenAPI and AsyncAPI share.
import { eventTypeName } from '../events/event-type.ts';
import { maxSchemaBytes, mostSubschemas } from '../schemas/schema-check.ts';
import type { JsonObject } from '../schemas/schema-walk.ts';
import { atPointer, bundleSchema } from './bundle-schema.ts';
import type { CatalogueVersion, DocumentFault } from './catalogue-type.ts';

export function namesFault(name: string, pointer: string): DocumentFault[] {
  const read = eventTypeName.safeParse(name);
  return read.success ? [] : [{ pointer, message: `is not the name of an event type: ${read.error.issues[0]?.message ?? ''}` }];
}

/** A part that is referred to, and is in another document. */
export const elsewhereFault = (pointer: string): DocumentFault => ({
  pointer,
  message: 'must be in this document: references to others are not read',
});

export interface ReadVersion {
  version: CatalogueVersion;
  faults: DocumentFault[];
}

/** The version with its schema, if there is one at `schemaAt`. */
export function readVersion(
  document: JsonObject,
  { examples, ...given }: Omit<CatalogueVersion, 'examples'> & { examples: unknown[] },
): ReadVersion {
  const version = { ...given, examples: examples.length > 0 ? examples : undefined };
  const found = atPointer(document, given.schemaAt);
  if (found === undefined) return { version, faults: [] };
  const bundled = bundleSchema(found, document, given.schemaAt);
  if (bundled) return { version: { ...version, ...bundled }, faults: [] };
  const message = `must not be larger than ${maxSchemaBytes / 1024} KiB or have more than ${mostSubschemas} subschemas, with all that it refers to`;
  return { version, faults: [{ pointer: given.schemaAt, message }] };
}

const longest = 10_000;

/** The first of these fields that is text, unless it only repeats the name of the type. */
export function descriptionOf(name: string, from: JsonObject, ...fields: string[]): { description?: string } {
  const description = textOf(from, ...fields);
  return description === undefined || description === name ? {} : { description };
}

/** The first of these fields that is text. */
export function textOf(from: JsonObject, ...fields: string[]): string | undefined {
  const found = fields.map((field) => from[field]).find((value) => typeof value === 'string' && value !== '');
  return typeof found === 'string' ? found.slice(0, longest) : undefined;
}
