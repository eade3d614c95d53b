// Checks a document before it is planned: its form, and each schema and example that differs from the stored one.
import { checkConverter } from '#catalogue/check-converter';
import { checkSchema } from '#catalogue/check-schema';
import { maxExamplesBytes } from '#domain/catalogue/event-type';
import { type CatalogueVersion, type DocumentFault, placeInDocument, type ReadDocument } from '#domain/documents/catalogue-type';
import type { PlannedType, StoredForPlan } from '#domain/documents/plan-catalogue';
import { readDocument } from '#domain/documents/read-document';
import { same } from '#domain/schemas/schema-pair';
import { invalid } from '../../http/problem.ts';

const mostErrors = 100;

/** Throws a 422 whose paths are JSON pointers into the document. Serves other requests in between. */
export async function requireDocument(document: unknown, stored: readonly StoredForPlan[]): Promise<ReadDocument> {
  const read = readDocument(document);
  const faults = [...read.faults];
  const known = new Map(stored.map(({ name, versions }) => [name, versions]));
  for (const { name, versions } of read.types) {
    for (const version of versions) {
      const isStored = known.get(name)?.some(({ schema, examples }) => same(schema, version.schema) && same(examples, version.examples));
      if (isStored || faults.length >= mostErrors) continue;
      faults.push(...versionFaults(version));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  refuse(faults);
  return read;
}

/** Tests the converters that differ from the stored ones, with the versions as they will be. Throws a 422, as above. */
export function requireConverters(plan: readonly PlannedType[]): void {
  const faults = plan.flatMap(({ action, converters, versionsAfter }) =>
    // of versions that are refused, nothing can be said
    action === 'refuse' ? [] : converters.flatMap((one) => converterFaults(one, versionsAfter)),
  );
  refuse(faults);
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

function refuse(faults: readonly DocumentFault[]): void {
  if (faults.length === 0) return;
  throw invalid(faults.slice(0, mostErrors).map(({ pointer, message }) => ({ path: `document${pointer}`.slice(0, 1_000), message })));
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
