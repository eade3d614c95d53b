// Checks a document before it is planned: its form, and each schema and example that differs from the stored one.
import { checkConverter } from '#catalogue/check-converter';
import { checkSchema } from '#catalogue/check-schema';
import { maxExamplesBytes } from '#domain/catalogue/event-type';
import {
  type CatalogueType,
  type CatalogueVersion,
  type DocumentFault,
  type DocumentFormat,
  placeInDocument,
  type ReadType,
} from '#domain/documents/catalogue-type';
import { lengthWithin } from '#domain/documents/json-length';
import type { PlannedType, StoredForPlan } from '#domain/documents/plan-catalogue';
import { readDocument } from '#domain/documents/read-document';
import { inStretches } from '#domain/in-stretches';
import { same } from '#domain/schemas/schema-pair';
import { invalid } from '../../http/problem.ts';

const mostErrors = 100;
/** Of all schemas, each with a copy of all that it refers to. */
const mostCharacters = 64 * 1024 * 1024;

export interface CheckedDocument {
  format: DocumentFormat;
  types: CatalogueType[];
}

/** Throws a 422 whose paths are JSON pointers into the document. Serves other requests in between. */
export async function requireDocument(document: unknown, stored: readonly StoredForPlan[]): Promise<CheckedDocument> {
  const { format, reads } = readDocument(document);
  const known = new Map(stored.map(({ name, versions }) => [name, versions]));
  const types: CatalogueType[] = [];
  await refuse(documentFaults(reads, known, types));
  return { format, types };
}

/** What is wrong, step by step. Fills `types`. */
function* documentFaults(
  reads: Iterable<ReadType>,
  known: ReadonlyMap<string, StoredForPlan['versions']>,
  types: CatalogueType[],
): Generator<DocumentFault[]> {
  let left = mostCharacters;
  for (const { type, faults } of reads) {
    yield faults;
    if (!type) continue;
    types.push(type);
    left -= lengthWithin(type, left) ?? mostCharacters;
    if (left <= 0) return yield [{ pointer: type.at, message: 'the schemas up to here are too large, with all that they refer to' }];
    for (const version of type.versions) {
      const isStored = known
        .get(type.name)
        ?.some(({ schema, examples }) => same(schema, version.schema) && same(examples, version.examples));
      yield isStored ? [] : versionFaults(version);
    }
  }
}

/** Tests the converters that differ from the stored ones, with the versions as they will be. Throws a 422, as above. */
export const requireConverters = (plan: readonly PlannedType[]): Promise<void> => refuse(planFaults(plan));

function* planFaults(plan: readonly PlannedType[]): Generator<DocumentFault[]> {
  for (const { action, converters, versionsAfter } of plan) {
    // of versions that are refused, nothing can be said
    if (action !== 'refuse') for (const one of converters) yield converterFaults(one, versionsAfter);
  }
}

function converterFaults(
  { action, at, ...given }: PlannedType['converters'][number],
  versions: PlannedType['versionsAfter'],
): DocumentFault[] {
  if (action === 'keep' || action === 'delete') return [];
  return checkConverter(given, versions).map(({ path, message }) => {
    // a document names the version from which it leads around it
    const [, index] = /^steps\[(\d+)\]$/.exec(path) ?? [];
    const pointer = path === 'from' ? '' : index === undefined ? `/${path}` : `/steps/${index}`;
    return { pointer: `${at}${pointer}`, message };
  });
}

/** Ends early when there are enough faults. */
async function refuse(steps: Iterable<DocumentFault[]>): Promise<void> {
  const faults = (await inStretches(firstOf(steps))).flat();
  if (faults.length === 0) return;
  throw invalid(faults.slice(0, mostErrors).map(({ pointer, message }) => ({ path: `document${pointer}`.slice(0, 1_000), message })));
}

function* firstOf(steps: Iterable<DocumentFault[]>): Generator<DocumentFault[]> {
  let found = 0;
  for (const faults of steps) {
    yield faults;
    found += faults.length;
    if (found >= mostErrors) return;
  }
}

function versionFaults(version: CatalogueVersion): DocumentFault[] {
  const { schema, examples = [], examplesAt } = version;
  if (Buffer.byteLength(JSON.stringify(examples)) > maxExamplesBytes)
    return [{ pointer: examplesAt, message: `must not be larger than ${maxExamplesBytes / 1024} KiB together` }];
  return checkSchema(schema, examples).map(({ path, message }) => {
    const [, index, rest = ''] = /^examples\[(\d+)\](.*)$/s.exec(path) ?? [];
    const pointer = index === undefined ? placeInDocument(version, path.slice('schema'.length)) : `${examplesAt}/${index}${rest}`;
    return { pointer, message };
  });
}
