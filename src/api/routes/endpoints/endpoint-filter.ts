// The filter of an endpoint, as a request gives it and as it is stored: with its numbers as they were written.
import type { EndpointSettings } from '#db/endpoints/endpoints';
import { parseExactly } from '#domain/filters/exact-json';
import { filterText } from '#domain/filters/filter';
import { parseFilter } from '#domain/filters/parse-filter';
import { invalid } from '../../http/problem.ts';
import { pathText } from '../../http/validate.ts';

/** `members`: the JSON texts of the request. Undefined: it has none. Throws a 422. */
export function storedFilter(given: object | null | undefined, members: Map<string, string>): Partial<Pick<EndpointSettings, 'filter'>> {
  if (given === undefined) return {};
  const text = members.get('filter');
  if (given === null || text === undefined) return { filter: null };
  const { problems } = parseFilter(parseExactly(text));
  if (problems.length > 0) throw invalid(problems.map(({ path, message }) => ({ path: pathText(['filter', ...path]), message })));
  return { filter: filterText(text) };
}
