// How the API shows event types and their versions, and the checks that creating and changing them share.

import { checkSchema } from '#catalogue/check-schema';
import type { ListedType, StoredType, StoredVersion } from '#db/catalogue/event-type-row';
import { readFilters, readSubscribers } from '#db/catalogue/subscribers';
import type { Db } from '#db/store/pool';
import {
  maxExamplesBytes,
  settingProblems,
  stateAt,
  type TypeSettings,
  type TypeSummary,
  type TypeView,
  type VersionView,
} from '#domain/catalogue/event-type';
import { touchedPaths } from '#domain/catalogue/touched-paths';
import type { SchemaChange } from '#domain/schemas/schema-change';
import { type SettingsTags, settingsTags } from '#sealing/settings-tags';
import { invalid, Problem } from '../../http/problem.ts';
import type { ApiDeps } from '../deps.ts';

type Sealing = Pick<ApiDeps, 'vault'>;

/** Of its settings; what its versions are changes without them. */
export function tagsOfType({ vault }: Sealing, { id, settings }: Pick<StoredType, 'id' | 'settings'>): SettingsTags {
  return settingsTags(vault, id, settings);
}

export function showSummary(deps: Sealing, type: ListedType): TypeSummary {
  const { name, settings, versions, createdAt, updatedAt } = type;
  return {
    name,
    etag: tagsOfType(deps, type)[0],
    ...settings,
    state: stateAt(settings, Date.now()),
    versions,
    currentVersion: versions.at(-1) ?? null,
    createdAt,
    updatedAt,
  };
}

export function showType(deps: Sealing, type: StoredType): TypeView {
  const current = type.versions.at(-1);
  const summary = showSummary(deps, { ...type, versions: type.versions.map(({ version }) => version) });
  return { ...summary, schema: current?.schema ?? null, examples: current?.examples ?? [] };
}

export function showVersion({ version, schema = null, examples, createdAt, updatedAt }: StoredVersion): VersionView {
  return { version, schema, examples, createdAt, updatedAt };
}

/** Throws a 422 that names the field. */
export function requireSettings(settings: TypeSettings): TypeSettings {
  const problems = settingProblems(settings);
  if (problems.length > 0) throw invalid(problems);
  return settings;
}

/** Throws a 422 that names the place in the schema or in an example. */
export function requireSchema(schema: unknown, examples: readonly unknown[] = []): void {
  if (Buffer.byteLength(JSON.stringify(examples)) > maxExamplesBytes)
    throw invalid([{ path: 'examples', message: `must not be larger than ${maxExamplesBytes / 1024} KiB together` }]);
  const faults = checkSchema(schema, examples);
  if (faults.length > 0) throw invalid(faults.slice(0, 100));
}

const mostShown = 50;
const mostFilters = 1_000;

/** Whom a change of the type touches. */
export async function touchesOf(db: Db, type: string, changes: readonly SchemaChange[]) {
  const { count, first } = await readSubscribers(db, type, mostShown);
  return { endpoints: count, first, filters: (await touchedFilters(db, type, changes)).slice(0, mostShown) };
}

/** The endpoints whose filter looks at a place that a change breaks, among the newest 1,000 with a filter. */
export async function touchedFilters(db: Db, type: string, changes: readonly SchemaChange[]) {
  if (changes.every(({ breaks }) => breaks.length === 0)) return [];
  const filters = await readFilters(db, type, mostFilters);
  return filters
    .map(({ endpoint, tenant, filter }) => ({ endpoint, tenant, paths: touchedPaths(filter, changes) }))
    .filter(({ paths }) => paths.length > 0);
}

export const taken = () =>
  new Problem(409, 'An event type with this name already exists.', { errors: [{ path: 'name', message: 'is already in use' }] });
