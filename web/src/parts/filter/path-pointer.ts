// The paths of the API's problems as JSON pointers.

const part = /\.([^.[\]]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/g;

/** @example pointerOfPath('filter["data.a"].$gte') // '/data.a/$gte' */
export function pointerOfPath(path: string): string {
  const parts = [...path.replace(/^filter/, '').matchAll(part)].map(
    ([, key, index, quoted]) => key ?? index ?? String(JSON.parse(quoted ?? '""')),
  );
  return parts.map((one) => `/${one.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
