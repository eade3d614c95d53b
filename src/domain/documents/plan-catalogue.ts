// Compares the types of a document with the stored catalogue, and decides what to do. Versions that the document does not
// list stay. Nothing is applied if a step is refused.
import { z } from 'zod';
import { settingNames, type TypeSettings, type TypeVersion, typeVersion, usualSettings } from '../catalogue/event-type.ts';
import { planVersion, type VersionStep } from '../catalogue/plan-version.ts';
import { compatibility } from '../schemas/schema-change.ts';
import { same } from '../schemas/schema-pair.ts';
import type { Converter } from '../shaping/pins.ts';
import type { CatalogueType, CatalogueVersion, DocumentFault } from './catalogue-type.ts';
import { type ConverterStep, planConverters } from './plan-converters.ts';

export interface PlannedType {
  name: string;
  action: 'create' | 'change' | 'keep' | 'delete' | 'refuse';
  /** Settings that change. */
  fields: (keyof TypeSettings)[];
  before: TypeSettings | null;
  /** As they will be; null: the type is deleted. */
  settings: TypeSettings | null;
  versions: (VersionStep & { of: CatalogueVersion })[];
  converters: ConverterStep[];
  /** All versions as they will be, lowest first. */
  versionsAfter: readonly TypeVersion[];
  faults: DocumentFault[];
}

export interface StoredForPlan {
  name: string;
  settings: TypeSettings;
  versions: readonly TypeVersion[];
  converters: readonly Converter[];
}

/** `prune`: types that the document does not have are deleted. In the order of the document, deletions last. One after the other: it can take long. */
export function* planCatalogue(
  stored: readonly StoredForPlan[],
  wanted: readonly CatalogueType[],
  prune: boolean,
): Generator<PlannedType, void> {
  const byName = new Map(stored.map((type) => [type.name, type]));
  const kept = new Set(wanted.map(({ name }) => name));
  const deleted = prune ? stored.filter(({ name }) => !kept.has(name)) : [];
  for (const type of wanted) yield planType(type, byName.get(type.name));
  for (const type of deleted) yield toDelete(type);
}

function toDelete({ name, settings }: StoredForPlan): PlannedType {
  return {
    name,
    action: 'delete',
    fields: [],
    before: settings,
    settings: null,
    versions: [],
    converters: [],
    versionsAfter: [],
    faults: [],
  };
}

function planType({ name, settings: given, versions, at }: CatalogueType, stored: StoredForPlan | undefined): PlannedType {
  const before = stored?.settings ?? null;
  const settings = { ...usualSettings, ...before, ...keepOlder(given, before) };
  const fields = settingNames.filter((field) => !same(settings[field], before?.[field]));
  const steps: PlannedType['versions'] = [];
  let known = [...(stored?.versions ?? [])];
  for (const of of versions) {
    const step = { ...planVersion(known, of), of };
    steps.push(step);
    if (step.action === 'add' || step.action === 'replace')
      known = [...known.filter(({ version }) => version !== step.version.version), step.version].toSorted((a, b) => a.version - b.version);
  }
  const refused = steps.filter(({ action }) => action === 'refuse');
  const faults = refused.map((step) => ({ pointer: step.of.schemaAt || at, message: step.reason ?? 'is refused' }));
  const converters = planConverters(stored?.converters ?? [], versions);
  const action = actionOf(faults.length, stored, fields, [...steps, ...converters]);
  return { name, action, fields, before, settings, versions: steps, converters, versionsAfter: known, faults };
}

/** A document can say that a type is deprecated without saying since when. */
function keepOlder(given: Partial<TypeSettings>, before: TypeSettings | null): Partial<TypeSettings> {
  return given.deprecatedAt === sinceUnknown && before?.deprecatedAt ? { ...given, deprecatedAt: before.deprecatedAt } : given;
}

export const sinceUnknown = '1970-01-01T00:00:00.000Z';

function actionOf(
  refused: number,
  stored: StoredForPlan | undefined,
  fields: readonly string[],
  steps: readonly Pick<VersionStep | ConverterStep, 'action'>[],
): PlannedType['action'] {
  if (refused > 0) return 'refuse';
  if (!stored) return 'create';
  return fields.length > 0 || steps.some(({ action }) => action !== 'keep') ? 'change' : 'keep';
}

const planAction = z.enum(['create', 'change', 'keep', 'delete', 'refuse']);

export const planStep = z.object({
  eventType: z.string(),
  action: planAction,
  fields: z.array(z.string()).describe('settings that change'),
  versions: z.array(
    z.object({
      version: typeVersion,
      action: z.enum(['add', 'replace', 'keep', 'refuse']),
      comparedWith: typeVersion.nullable().describe('the version that the schema was compared with; null: there was none'),
      compatibility: compatibility.nullable(),
      reason: z.string().optional().describe('only for `refuse`'),
    }),
  ),
  converters: z
    .array(z.object({ from: typeVersion, to: typeVersion, action: z.enum(['add', 'replace', 'keep', 'delete']) }))
    .describe('of the versions for which the document has `converters`'),
  endpoints: z.int().nullable().describe('how many endpoints get events of the type, if a change breaks; otherwise null'),
  filters: z.int().nullable().describe('how many of their filters look at a place that a change breaks; null like `endpoints`'),
});
export type PlanStep = z.infer<typeof planStep>;

export const cataloguePlan = z.object({
  format: z.enum(['posthorn', 'openapi', 'asyncapi']).describe('of the document'),
  applied: z.boolean().describe('false: a dry run, or nothing to change'),
  summary: z.record(planAction, z.int()).describe('how many types'),
  steps: z.array(planStep).describe('in the order of the document, deletions last'),
});
export type CataloguePlan = z.infer<typeof cataloguePlan>;

export function showStep(
  { name, action, fields, versions, converters }: PlannedType,
  touched: { endpoints: number; filters: number } | null,
): PlanStep {
  return {
    eventType: name,
    action,
    fields,
    versions: versions.map((step) => ({
      version: step.version.version,
      action: step.action,
      comparedWith: step.comparedWith,
      compatibility: step.compatibility,
      ...(step.reason !== undefined && { reason: step.reason }),
    })),
    converters: converters.map(({ from, to, action }) => ({ from, to, action })),
    endpoints: touched?.endpoints ?? null,
    filters: touched?.filters ?? null,
  };
}

export const isBreaking = ({ versions, action }: PlannedType) =>
  action === 'delete' || versions.some((step) => step.action !== 'keep' && step.compatibility?.compatible === false);
