// Filters in the address as people write them: `?status=held&status=retrying`, no JSON. Every value is a text or a list of texts.

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
