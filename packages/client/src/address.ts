// Builds paths and queries. Ids become one segment of a path each, whatever they contain.

type QueryValue = string | number | boolean | Date | null | undefined;
export type Query = Record<string, QueryValue | readonly QueryValue[]>;

/** A path. @example path`/v1/tenants/${tenant}/events/${event}` */
export function path(parts: TemplateStringsArray, ...ids: string[]): string {
  return parts.reduce((start, part, index) => start + inPath(ids[index - 1] ?? '') + part);
}

// the URL standard resolves these before a request is sent, so that another path would be asked
const unusable = ['', '.', '..'];

/** An id as one segment of a path, for `request` and `open`. Throws a TypeError for an id that would lead to another path. */
export function inPath(id: string): string {
  if (typeof id !== 'string' || unusable.includes(id)) throw new TypeError(`${JSON.stringify(id)} cannot be an id in a path`);
  return encodeURIComponent(id);
}

/** Arrays become repeated parameters. Undefined and null are left out. */
export function queryText(query: Query): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().flatMap((one): [string, string][] => {
      if (one === undefined || one === null) return [];
      return [[name, one instanceof Date ? one.toISOString() : String(one)]];
    }),
  );
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs)}`;
}
