// Which paths of an endpoint's filter a change of a schema touches.
import { filterPaths } from '../filters/filter-paths.ts';
import { pointerKey } from '../json-pointer.ts';
import type { SchemaChange } from '../schemas/schema-change.ts';

/** The paths of the filter, such as `data.items.*.sku`, at, below or above a place that a change breaks. */
export function touchedPaths(filter: string, changes: readonly SchemaChange[]): string[] {
  const places = changes.filter(({ breaks }) => breaks.length > 0).map(({ path }) => path.split('/').map(pointerKey));
  const touched = filterPaths(filter).filter((path) => places.some((place) => overlaps(path, place)));
  return [...new Set(touched.map((path) => path.join('.')))];
}

/** One is the beginning of the other, or the same. `*` stands for each item or member. */
function overlaps(path: readonly string[], place: readonly string[]): boolean {
  return place.slice(0, path.length).every((part, index) => part === '*' || path[index] === '*' || part === path[index]);
}
