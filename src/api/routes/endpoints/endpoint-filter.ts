// The filter of an endpoint, as a request gives it: stored with its numbers as they were written, and refused if it can never
// match the schemas of the event types that the endpoint subscribes to.
import { readTypeSchemas } from '#db/catalogue/type-schemas';
import type { EndpointSettings } from '#db/endpoints/endpoints';
import type { Db } from '#db/store/pool';
import { faultText } from '#domain/faults/fault';
import { parseExactly } from '#domain/filters/exact-json';
import { filterText } from '#domain/filters/filter';
import { parseFilter } from '#domain/filters/parse-filter';
import { type Impossible, whyNever } from '#domain/filters/schema-fit';
import { pointerKey } from '#domain/json-pointer';
import { type FieldError, invalid } from '../../http/problem.ts';
import { pathText } from '../../http/validate.ts';

type Querying = Pick<Db, 'query'>;
type Filtering = Pick<EndpointSettings, 'filter'>;

/** `members`: the JSON texts of the fields. Undefined: the request has no filter. Throws a 422. */
export function storedFilter(given: object | null | undefined, members: Map<string, string>): Partial<Filtering> {
  if (given === undefined) return {};
  if (given === null) return { filter: null };
  const text = members.get('filter');
  if (text === undefined) throw new Error('the text of the filter is missing');
  const { problems } = parseFilter(parseExactly(text));
  if (problems.length > 0) throw invalid(problems.map(({ path, message }) => ({ path: pathText(['filter', ...path]), message })));
  return { filter: filterText(text) };
}

/** With more of either, nothing is checked. */
const most = { types: 20, versions: 20 };

interface Judged extends Filtering {
  eventTypes: readonly string[];
}

interface Checked extends Judged {
  /** The field of the request that made it impossible. */
  given: 'filter' | 'eventTypes';
}

/**
 * Throws a 422 if the filter matches no event that the schemas allow. Only for a list of exact types: other patterns may
 * mean types that are not in the catalogue. All versions count, as a producer may still post an old one.
 */
export async function refuseImpossible(db: Querying, { filter, eventTypes, given }: Checked): Promise<void> {
  const node = filter === null ? null : parseFilter(parseExactly(filter)).filter;
  const isCertain = eventTypes.length > 0 && eventTypes.length <= most.types && !eventTypes.some((type) => type.endsWith('*'));
  if (!node || !isCertain) return;
  let first: FieldError[] | undefined;
  for (const type of eventTypes) {
    const schemas = await readTypeSchemas(db, type, most.versions + 1);
    if (schemas.length === 0 || schemas.length > most.versions) return;
    for (const { version, schema } of schemas) {
      const reasons = schema === null ? [] : whyNever(node, type, schema);
      if (reasons.length === 0) return;
      first ??= reasons.map((reason) => errorOf(reason, `${type} (version ${version})`, given));
    }
  }
  if (first) throw invalid(first);
}

/**
 * The same for a change, with what the endpoint has already. Call it under the endpoint's lock: otherwise a filter and
 * event types that are changed at the same time would each be judged without the other.
 */
export async function refuseImpossibleChange(db: Querying, stored: Judged, change: Partial<Judged>): Promise<void> {
  if (change.filter === undefined && change.eventTypes === undefined) return;
  const { filter = stored.filter, eventTypes = stored.eventTypes } = change;
  await refuseImpossible(db, { filter, eventTypes, given: change.filter === undefined ? 'eventTypes' : 'filter' });
}

function errorOf({ at, reason }: Impossible, schema: string, given: Checked['given']): FieldError {
  const path = pathText(['filter', ...partsOf(at)]);
  if (given === 'filter') return { path, message: faultText('filter_never', { schema, reason }) };
  return { path: given, message: faultText('filter_never_types', { path, schema, reason }) };
}

function partsOf(pointer: string): (string | number)[] {
  const parts = pointer.split('/').slice(1);
  return parts.map((part) => (/^\d+$/.test(part) ? Number(part) : pointerKey(part)));
}
