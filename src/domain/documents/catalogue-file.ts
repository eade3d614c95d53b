// Posthorn's own catalogue file, the one that `posthorn apply` reads. It is the whole truth about the types it lists: a
// setting that is left out has its default.
import { z } from 'zod';
import { newEventType, type TypeSettings, typeVersion, usualSettings } from '../catalogue/event-type.ts';
import { settingsInUtc } from '../catalogue/settings-in-utc.ts';
import { eventTypeName } from '../events/event-type.ts';
import { pointerPart } from '../schemas/schema-walk.ts';
import type { CatalogueType, CatalogueVersion, DocumentFault, ReadDocument } from './catalogue-type.ts';
import { issueFaults } from './document-faults.ts';

const { name: _name, version: _version, schema, examples, ...settings } = newEventType.shape;

const versions = z.record(
  z.string().refine((key) => typeVersion.safeParse(Number(key)).success, 'must be a version number from 1 on'),
  z.strictObject({ schema, examples }).nullable(),
);

const entry = z
  .strictObject({ ...settings, version: typeVersion.optional(), schema, examples, versions: versions.optional() })
  .refine(
    (one) => one.versions === undefined || (one.schema === undefined && one.examples === undefined && one.version === undefined),
    'must have either `versions` or `version`, `schema` and `examples`',
  );
type Entry = z.infer<typeof entry>;

const file = z.strictObject({
  posthorn: z.literal(1, 'must be 1').optional(),
  eventTypes: z.record(eventTypeName, entry.nullable()),
});

export function readCatalogueFile(document: unknown): ReadDocument {
  const read = file.safeParse(document);
  if (!read.success) return { format: 'posthorn', types: [], faults: issueFaults(read.error.issues) };
  const types = Object.entries(read.data.eventTypes).map(([name, one]) => toType(name, one ?? {}));
  return { format: 'posthorn', types, faults: types.flatMap(datesFault) };
}

function toType(name: string, { version, schema, examples, versions, ...given }: Entry): CatalogueType {
  const at = `/eventTypes/${pointerPart(name)}`;
  const hasOne = version !== undefined || schema !== undefined || examples !== undefined;
  const listed = versions ? Object.entries(versions).map(([key, one]) => toVersion(Number(key), one ?? {}, `${at}/versions/${key}`)) : [];
  const only = hasOne ? [toVersion(version ?? 1, { schema, examples }, at)] : [];
  const sorted = [...listed, ...only].toSorted((a, b) => Number(a.version) - Number(b.version));
  return { name, settings: { ...usualSettings, ...settingsInUtc(given) }, versions: sorted, at };
}

function toVersion(
  version: number,
  { schema, examples = [] }: { schema?: unknown; examples?: unknown[] | undefined },
  at: string,
): CatalogueVersion {
  const hasSchema = schema !== undefined && schema !== null;
  return { version, ...(hasSchema && { schema }), examples, schemaAt: `${at}/schema`, examplesAt: `${at}/examples` };
}

function datesFault({ settings: { deprecatedAt, sunsetAt }, at }: CatalogueType): DocumentFault[] {
  if (!deprecatedAt || !sunsetAt || Date.parse(sunsetAt) >= Date.parse(deprecatedAt)) return [];
  return [{ pointer: `${at}/sunsetAt`, message: 'must not be earlier than deprecatedAt' }];
}

/** The file with these types. */
export function catalogueFile(
  types: readonly {
    name: string;
    settings: TypeSettings;
    versions: readonly { version: number; schema?: unknown; examples: unknown[] }[];
  }[],
) {
  const eventTypes = types.map(({ name, settings, versions }) => [
    name,
    {
      ...Object.fromEntries(
        Object.entries(settings).filter(
          ([key, value]) => JSON.stringify(value) !== JSON.stringify(usualSettings[key as keyof TypeSettings]),
        ),
      ),
      ...(versions.length > 0 && {
        versions: Object.fromEntries(
          versions.map(({ version, schema, examples }) => [
            String(version),
            { ...(schema !== undefined && { schema }), ...(examples.length > 0 && { examples }) },
          ]),
        ),
      }),
    },
  ]);
  return { posthorn: 1, eventTypes: Object.fromEntries(eventTypes) };
}
