// The catalogue of event types: the requests that write it, and how the API shows a type and its versions.
import { z } from 'zod';
import { etag } from '../etag.ts';
import { instant } from '../events/event.ts';
import { eventTypeName } from '../events/event-type.ts';
import { maxSchemaBytes } from '../schemas/schema-check.ts';
import { steps } from '../shaping/converter.ts';
import { text } from '../text.ts';

export const maxExamplesBytes = 256 * 1024;
export const mostTypes = 5_000;
export const mostVersions = 100;

/** What happens to an event that breaks a rule. */
const strictnesses = ['off', 'warn', 'reject'] as const;
export const strictness = z.enum(strictnesses);
export type Strictness = (typeof strictnesses)[number];

export const visibility = z.enum(['public', 'internal']);
export type Visibility = z.infer<typeof visibility>;

export const typeVersion = z.int().min(1).max(1_000_000);

const name = text(200).min(1);
const description = text(10_000).describe('for people, in Markdown');
const group = name.nullable().describe('heading under which lists and documentation show the type');
const owner = name.nullable().describe('who is responsible for the type, such as a team');
const tags = z.array(text(100).min(1)).max(50);
const validation = strictness.describe(
  '`reject`: an event whose `data` violates the schema of its version is refused with 422; `warn`: it is accepted, and the answer has `warnings`; `off`: it is not validated',
);
const visible = visibility.describe(
  '`public`: tenants, portal links and the documents for consumers show the type; `internal`: only keys of all tenants see it',
);
const deprecatedAt = instant.nullable().describe('from when on the type should not be used for new work');
const sunsetAt = instant.nullable().describe('from when on the type is not to be sent any more; not before deprecatedAt');

/** Any JSON: what is wrong with a schema is said by checks of their own, which name the place. */
const schema = z
  .unknown()
  .describe(`JSON Schema 2020-12 of \`data\`, an object or a boolean, at most ${maxSchemaBytes / 1024} KiB; null: none`);
const examples = z.array(z.unknown()).max(50).describe('examples of `data`; each must match the schema');

const settings = {
  description: description.optional(),
  group: group.optional(),
  owner: owner.optional(),
  tags: tags.optional(),
  visibility: visible.optional(),
  validation: validation.optional(),
  deprecatedAt: deprecatedAt.optional(),
  sunsetAt: sunsetAt.optional(),
};

/** The settings of a type, apart from its versions. */
export interface TypeSettings {
  description: string;
  group: string | null;
  owner: string | null;
  tags: string[];
  visibility: Visibility;
  validation: Strictness;
  /** ISO 8601 in UTC. */
  deprecatedAt: string | null;
  sunsetAt: string | null;
}

export const usualSettings: TypeSettings = {
  description: '',
  group: null,
  owner: null,
  tags: [],
  visibility: 'public',
  validation: 'reject',
  deprecatedAt: null,
  sunsetAt: null,
};
export const settingNames = Object.keys(usualSettings) as (keyof TypeSettings)[];

export interface TypeVersion {
  version: number;
  /** Undefined: none. */
  schema?: unknown;
  examples: unknown[];
}

export const newEventType = z.strictObject({
  name: eventTypeName.describe('as events name it, such as order.created'),
  ...settings,
  version: typeVersion.optional().describe('number of the first version; 1 by default'),
  schema: schema.optional(),
  examples: examples.optional(),
});

export const eventTypeChange = z.strictObject(settings);

/** Of one version, to others. */
export const convertersFrom = z.array(z.strictObject({ to: typeVersion, steps })).max(20);

export const newVersion = z.strictObject({
  version: typeVersion
    .optional()
    .describe(
      'an existing number replaces that version, if the change is compatible; a new one must be higher than all others; the next one by default',
    ),
  schema: schema.optional(),
  examples: examples.optional(),
  converters: convertersFrom
    .optional()
    .describe('converters from this version to others. Endpoints that pin an older version need one with a new version'),
});

export const versionView = z.object({
  version: typeVersion,
  schema: z.unknown().describe('JSON Schema 2020-12 of `data`; null: none'),
  examples: z.array(z.unknown()).describe('examples of `data`'),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type VersionView = z.infer<typeof versionView>;

export const typeSummary = z.object({
  name: eventTypeName,
  etag,
  description: z.string(),
  group: z.string().nullable(),
  owner: z.string().nullable(),
  tags: z.array(z.string()),
  visibility,
  validation: strictness,
  deprecatedAt: z.iso.datetime().nullable(),
  sunsetAt: z.iso.datetime().nullable(),
  state: z.enum(['active', 'deprecated', 'sunset']).describe('at the time of the answer'),
  versions: z.array(typeVersion).describe('numbers of its versions, lowest first'),
  currentVersion: typeVersion.nullable().describe('the highest version: that of events that name none; null: the type has no version'),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type TypeSummary = z.infer<typeof typeSummary>;

export const typeView = typeSummary.extend({
  schema: z.unknown().describe('JSON Schema of the current version; null: none'),
  examples: z.array(z.unknown()).describe('examples of the current version'),
});
export type TypeView = z.infer<typeof typeView>;

export function stateAt({ deprecatedAt, sunsetAt }: Pick<TypeSettings, 'deprecatedAt' | 'sunsetAt'>, nowMs: number): TypeSummary['state'] {
  if (sunsetAt !== null && Date.parse(sunsetAt) <= nowMs) return 'sunset';
  return deprecatedAt !== null && Date.parse(deprecatedAt) <= nowMs ? 'deprecated' : 'active';
}

/** Problems of settings that depend on each other. `path` of the field. */
export function settingProblems({ deprecatedAt, sunsetAt }: TypeSettings): { path: string; message: string }[] {
  return deprecatedAt !== null && sunsetAt !== null && Date.parse(sunsetAt) < Date.parse(deprecatedAt)
    ? [{ path: 'sunsetAt', message: 'must not be earlier than deprecatedAt' }]
    : [];
}
