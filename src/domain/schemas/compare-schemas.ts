// Compares two versions of a schema and says what changed, for producers and for consumers. What it cannot decide, such as
// other branches of `oneOf`, counts as breaking.
import { canonicalJson } from './canonical-json.ts';
import { limitChanges } from './compare-limits.ts';
import { changeOf, type SchemaChange } from './schema-change.ts';
import { derefed, nothingKnown, type Pair, type Remembered, same, sameWithTargets } from './schema-pair.ts';
import { isObject, type JsonObject, pointerPart } from './schema-walk.ts';

const mostPlaces = 10_000;
/** So many names take as long as a place. */
const entriesInPlace = 10;
/** Of values within values: references can make it endless. */
const mostDepth = 300;

/** Null or undefined: no schema. Both must have passed the checks of a schema. */
export function compareSchemas(before: unknown, after: unknown): SchemaChange[] {
  if (before === null || before === undefined)
    return after === null || after === undefined ? [] : [changeOf('data', 'schema_added', 'gets a schema; it had none')];
  if (after === null || after === undefined) return [changeOf('data', 'schema_removed', 'has no schema any more')];
  // references lead to the same, too
  if (same(before, after)) return [];
  const pair = { before, after, roots: [before, after], seen: [], depth: 0, known: nothingKnown(mostPlaces) } as const;
  return compareAt(pair, 'data');
}

function compareAt(pair: Pair, path: string): SchemaChange[] {
  if (typeof pair.before === 'boolean' && pair.before === pair.after) return [];
  const next = derefed(pair);
  if (next === null) return [];
  const { before, after, known } = next;
  if (known.left < 0) return [];
  known.left -= next.depth > mostDepth ? mostPlaces + 1 : 1 + (lengthOf(before) + lengthOf(after)) / entriesInPlace;
  if (known.left < 0) return [changeOf(path, 'undecided', 'is too large to compare, and counts as breaking')];
  if (before === false || after === false) {
    if (before === after) return [];
    return [
      after === false ? changeOf(path, 'type_narrowed', 'is not allowed any more') : changeOf(path, 'type_widened', 'is allowed now'),
    ];
  }
  const [was, is] = [objectOf(before), objectOf(after)];
  const below = (wasThere: unknown, isThere: unknown, at: string) =>
    compareAt({ ...next, before: wasThere, after: isThere, depth: next.depth + 1 }, at);
  return [
    ...typeChanges(was, is, path),
    ...valueChanges(was, is, path, known.values),
    ...limitChanges(was, is, path),
    ...objectChanges(was, is, path, below),
    ...arrayChanges(was, is, path, below),
    ...branchChanges(was, is, path, below),
    ...otherChanges(was, is, path, next),
  ];
}

/** Members and required members, which are compared again at each place. */
function lengthOf(schema: unknown): number {
  const { properties, required } = objectOf(schema);
  return Object.keys(objectOf(properties)).length + (Array.isArray(required) ? required.length : 0);
}

type Below = (was: unknown, is: unknown, at: string) => SchemaChange[];

const allTypes = ['null', 'boolean', 'object', 'array', 'number', 'integer', 'string'];

function typesOf({ type }: JsonObject): string[] {
  const listed = type === undefined ? allTypes : [type].flat().map(String);
  return listed.includes('number') ? [...new Set([...listed, 'integer'])] : listed;
}

function typeChanges(was: JsonObject, is: JsonObject, path: string): SchemaChange[] {
  const [old, now] = [typesOf(was), typesOf(is)];
  const [gone, come] = [old.filter((one) => !now.includes(one)), now.filter((one) => !old.includes(one))];
  const said = ({ type }: JsonObject) => (type === undefined ? 'any type' : [type].flat().join(' or '));
  const message = `was ${said(was)} and is ${said(is)}`;
  return [
    ...(gone.length > 0 ? [changeOf(path, 'type_narrowed', message)] : []),
    ...(come.length > 0 ? [changeOf(path, 'type_widened', message)] : []),
  ];
}

function valuesOf(schema: JsonObject): unknown[] | null {
  if ('const' in schema) return [schema.const];
  return Array.isArray(schema.enum) ? schema.enum : null;
}

const mostShown = 10;
const listOf = (values: unknown[]) =>
  `${values
    .slice(0, mostShown)
    .map((value) => JSON.stringify(value).slice(0, 100))
    .join(', ')}${values.length > mostShown ? ', …' : ''}`;

function valueChanges(was: JsonObject, is: JsonObject, path: string, known: Remembered): SchemaChange[] {
  const [old, now] = [valuesOf(was), valuesOf(is)];
  if (old === null && now === null) return [];
  if (old === null) return [changeOf(path, 'enum_narrowed', `may only be ${listOf(now ?? [])} now`)];
  if (now === null) return [changeOf(path, 'type_widened', 'may have any value now, not only those that were listed')];
  const { gone, come } = known.of(was, is, () => differences(old, now));
  return [
    ...(gone === null ? [] : [changeOf(path, 'enum_narrowed', `may not be ${gone} any more`)]),
    ...(come === null ? [] : [changeOf(path, 'enum_widened', `may also be ${come} now`)]),
  ];
}

/** As texts; null: none. */
function differences(old: readonly unknown[], now: readonly unknown[]): { gone: string | null; come: string | null } {
  const [before, after] = [new Set(old.map(canonicalJson)), new Set(now.map(canonicalJson))];
  const gone = old.filter((value) => !after.has(canonicalJson(value)));
  const come = now.filter((value) => !before.has(canonicalJson(value)));
  return { gone: gone.length > 0 ? listOf(gone) : null, come: come.length > 0 ? listOf(come) : null };
}

const objectOf = (value: unknown): JsonObject => (isObject(value) ? value : {});
const namesOf = (value: unknown) => new Set(Array.isArray(value) ? value.map(String) : []);

function objectChanges(was: JsonObject, is: JsonObject, path: string, below: Below): SchemaChange[] {
  const [old, now] = [objectOf(was.properties), objectOf(is.properties)];
  const at = (name: string) => `${path}/${pointerPart(name)}`;
  const changes: SchemaChange[] = [];
  for (const name of Object.keys(old)) {
    if (Object.hasOwn(now, name)) changes.push(...below(old[name], now[name], at(name)));
    else changes.push(changeOf(at(name), 'field_removed', 'was removed'));
  }
  for (const name of Object.keys(now)) if (!Object.hasOwn(old, name)) changes.push(changeOf(at(name), 'field_added', 'was added'));
  const [needed, needs] = [namesOf(was.required), namesOf(is.required)];
  for (const name of needs) if (!needed.has(name)) changes.push(changeOf(at(name), 'new_required', 'is required now'));
  for (const name of needed) if (!needs.has(name)) changes.push(changeOf(at(name), 'no_longer_required', 'is not required any more'));
  return [...changes, ...othersChanges(was, is, path, below)];
}

function othersChanges(was: JsonObject, is: JsonObject, path: string, below: Below): SchemaChange[] {
  const [old = true, now = true] = [was.additionalProperties, is.additionalProperties];
  if (old === false && now === false) return [];
  if (now === false) return [changeOf(path, 'closed', 'may not have other members any more (additionalProperties)')];
  if (old === false) return [changeOf(path, 'opened', 'may have other members now (additionalProperties)')];
  return below(old, now, `${path}/*`);
}

function arrayChanges(was: JsonObject, is: JsonObject, path: string, below: Below): SchemaChange[] {
  const [old, now] = [was.prefixItems, is.prefixItems].map((list) => (Array.isArray(list) ? list : [])) as [unknown[], unknown[]];
  if (old.length !== now.length)
    return [changeOf(path, 'undecided', 'has another number of prefixItems: this cannot be compared, and counts as breaking')];
  return [
    ...old.flatMap((item, index) => below(item, now[index], `${path}/${index}`)),
    ...below(was.items ?? true, is.items ?? true, `${path}/*`),
  ];
}

function branchChanges(was: JsonObject, is: JsonObject, path: string, below: Below): SchemaChange[] {
  return ['allOf', 'anyOf', 'oneOf'].flatMap((keyword) => {
    const [old, now] = [was[keyword], is[keyword]].map((list) => (Array.isArray(list) ? list : [])) as [unknown[], unknown[]];
    if (old.length === now.length) return old.flatMap((branch, index) => below(branch, now[index], path));
    return [changeOf(path, 'undecided', `has another number of branches in ${keyword}: this cannot be compared, and counts as breaking`)];
  });
}

const compared = ['not', 'if', 'then', 'else', 'dependentRequired', 'dependentSchemas', 'propertyNames', 'patternProperties', 'contains'];
const alsoCompared = ['minContains', 'maxContains', 'unevaluatedItems', 'unevaluatedProperties', '$dynamicRef'];

function otherChanges(was: JsonObject, is: JsonObject, path: string, pair: Pair): SchemaChange[] {
  return [...compared, ...alsoCompared]
    .filter((keyword) => !sameWithTargets(was[keyword], is[keyword], pair))
    .map((keyword) => changeOf(path, 'undecided', `has another ${keyword}: this cannot be compared, and counts as breaking`));
}
