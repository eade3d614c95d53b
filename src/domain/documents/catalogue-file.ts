// Posthorn's own catalogue file, the one that `posthorn apply` reads. It is the whole truth about the types it lists: a
// setting that is left out has its default.
import { z } from 'zod';
import { convertersFrom, newEventType, type TypeSettings, typeVersion, usualSettings } from '../catalogue/event-type.ts';
import { settingsInUtc } from '../catalogue/settings-in-utc.ts';
import { eventTypeName } from '../events/event-type.ts';
import { pointerPart } from '../schemas/schema-walk.ts';
import type { Converter } from '../shaping/pins.ts';
import { type CatalogueType, type CatalogueVersion, type DocumentFault, type ReadDocument, refusedDocument } from './catalogue-type.ts';
import { issueFaults } from './document-faults.ts';

const converters = convertersFrom
  .refine((all) => new Set(all.map(({ to }) => to)).size === all.length, 'must not lead to the same version twice')
  .optional();

const { name: _name, version: _version, schema, examples, ...settings } = newEventType.shape;

const versions = z.record(
  z.string().refine((key) => typeVersion.safeParse(Number(key)).success, 'must be a version number from 1 on'),
  z.strictObject({ schema, examples, converters }).nullable(),
);

/** The fields of a type that describe its only version. */
const ofVersion = ['version', 'schema', 'examples', 'converters'] as const;

const entry = z
  .strictObject({ ...settings, version: typeVersion.optional(), schema, examples, converters, versions: versions.optional() })
  .refine(
    ({ versions, ...one }) => versions === undefined || ofVersion.every((key) => one[key] === undefined),
    'must have either `versions` or `version`, `schema`, `examples` and `converters`',
  );
type Entry = z.infer<typeof entry>;

const file = z.strictObject({
  posthorn: z.literal(1, 'must be 1').optional(),
  eventTypes: z.record(eventTypeName, entry.nullable()),
});

export function readCatalogueFile(document: unknown): ReadDocument {
  const read = file.safeParse(document);
  if (!read.success) return refusedDocument('posthorn', ...issueFaults(read.error.issues));
  const types = Object.entries(read.data.eventTypes).map(([name, one]) => toType(name, one ?? {}));
  return { format: 'posthorn', reads: types.map((type) => ({ type, faults: datesFault(type) })) };
}

function toType(name: string, { version, schema, examples, converters, versions, ...given }: Entry): CatalogueType {
  const at = `/eventTypes/${pointerPart(name)}`;
  const one = { version, schema, examples, converters };
  const hasOne = ofVersion.some((key) => one[key] !== undefined);
  const listed = versions ? Object.entries(versions).map(([key, one]) => toVersion(Number(key), one ?? {}, `${at}/versions/${key}`)) : [];
  const only = hasOne ? [toVersion(version ?? 1, one, at)] : [];
  const sorted = [...listed, ...only].toSorted((a, b) => Number(a.version) - Number(b.version));
  return { name, settings: { ...usualSettings, ...settingsInUtc(given) }, versions: sorted, at };
}

function toVersion(
  version: number,
  { schema, examples = [], converters }: Pick<Entry, 'schema' | 'examples' | 'converters'>,
  at: string,
): CatalogueVersion {
  const hasSchema = schema !== undefined && schema !== null;
  return {
    version,
    ...(hasSchema && { schema }),
    examples,
    schemaAt: `${at}/schema`,
    examplesAt: `${at}/examples`,
    ...(converters && { converters: converters.map((one, index) => ({ ...one, at: `${at}/converters/${index}` })) }),
  };
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
    converters: readonly Converter[];
  }[],
) {
  const eventTypes = types.map(({ name, settings, versions, converters }) => [
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
            {
              ...(schema !== undefined && { schema }),
              ...(examples.length > 0 && { examples }),
              ...convertersOf(version, converters),
            },
          ]),
        ),
      }),
    },
  ]);
  return { posthorn: 1, eventTypes: Object.fromEntries(eventTypes) };
}

function convertersOf(version: number, all: readonly Converter[]) {
  const converters = all.filter(({ from }) => from === version).map(({ to, steps }) => ({ to, steps }));
  return converters.length > 0 ? { converters } : {};
}
