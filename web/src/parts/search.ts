// Filters in the address as people write them: `?status=held&status=retrying`, no JSON. Every value is a text or a list of texts.
import type { AnyRoute } from '@tanstack/react-router';

export type Search = Record<string, string | string[]>;

export function parseSearch(text: string): Search {
  const params = new URLSearchParams(text);
  // not by assignment: an address may name what every object has, such as `constructor`
  return Object.fromEntries(
    [...new Set(params.keys())].map((name) => {
      const [first = '', ...others] = params.getAll(name);
      return [name, others.length === 0 ? first : [first, ...others]];
    }),
  );
}

export function stringifySearch(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined && one !== '') params.append(name, String(one));
  }
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}

/** A text of the address; undefined: absent. */
export const textIn = (search: Record<string, unknown>, name: string): string | undefined => {
  const value = search[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/** Those of the allowed values that the address names. */
export function choicesIn<const T extends string>(search: Record<string, unknown>, name: string, allowed: readonly T[]): T[] {
  const value = search[name];
  const given = Array.isArray(value) ? value : [value];
  return allowed.filter((one) => given.includes(one));
}

/** Whether there is anything in it. */
export const isNarrowed = (search: object): boolean => Object.values(search).some((value) => value !== undefined);

/**
 * Pages see only what their `validateSearch` has read. The router lays that over the address as it stands, so what was left out,
 * such as a time that is none, or a parameter that a link in a mail has got, would be there again: it is read as undefined.
 */
export function onlyWhatWasRead<Route extends AnyRoute>(route: Route): Route {
  const read: unknown = route.options.validateSearch;
  if (typeof read === 'function') {
    route.options.validateSearch = (given: Record<string, unknown>) => ({
      ...Object.fromEntries(Object.keys(given).map((name) => [name, undefined])),
      ...read(given),
    });
  }
  for (const child of Object.values<AnyRoute>(route.children ?? {})) onlyWhatWasRead(child);
  return route;
}
