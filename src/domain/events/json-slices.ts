// Cuts members out of a JSON text, so that a producer's `data` is sent byte for byte (JSON.parse
// would round its numbers). Only for text that JSON.parse has accepted; for other text the result
// is undefined.

const [quote, opensArray, opensObject, closesArray, closesObject] = [...'"[{]}'].map((char) => char.charCodeAt(0));

/**
 * Members of the object that starts at `from` (leading spaces are allowed): the text of each value by key, and
 * duplicate keys.
 */
export function memberTexts(json: string, from = 0): { members: Map<string, string>; repeated: string[] } {
  const members = new Map<string, string>();
  const repeated: string[] = [];
  let at = skipSpace(json, skipSpace(json, from) + 1);
  while (json[at] !== '}') {
    const keyEnd = valueEnd(json, at);
    const key = JSON.parse(json.slice(at, keyEnd)) as string;
    const start = skipSpace(json, skipSpace(json, keyEnd) + 1);
    const end = valueEnd(json, start);
    if (members.has(key)) repeated.push(key);
    members.set(key, json.slice(start, end));
    at = nextItem(json, end);
  }
  return { members, repeated };
}

/**
 * Whether arrays and objects are nested deeper than `limit`. Call it before JSON.parse, which needs over 100 bytes for
 * each level. Accepts any text.
 */
export function isDeeperThan(limit: number, json: string): boolean {
  if (json.length <= 2 * limit) return false;
  let depth = 0;
  // character codes are twice as fast as a regular expression
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === quote) {
      at = stringEnd(json, at) - 1;
      if (at < 0) return false; // an unterminated string
    } else if (code === opensArray || code === opensObject) {
      if (++depth > limit) return true;
    } else if (code === closesArray || code === closesObject) depth--;
  }
  return false;
}

export interface MemberFault {
  path: string;
  message: string;
}

/**
 * Members that JSON parsers read differently, at any depth: duplicate keys, and `__proto__`, which a copy of the object
 * would lose. Members named in `passedOn` (such as `data`) are not checked inside: they are the producer's content.
 */
export function memberFaults(members: ReadonlyMap<string, string>, passedOn: readonly string[] = [], before = ''): MemberFault[] {
  return [...members].flatMap(([key, text]) => {
    const path = `${before}${key}`;
    if (key === '__proto__') return [{ path, message: 'unknown field' }];
    return passedOn.includes(key) ? [] : faultsWithin(text, path);
  });
}

function faultsWithin(text: string, path: string): MemberFault[] {
  if (!text.includes('{')) return [];
  if (text.startsWith('[')) return elementTexts(text).flatMap((element, index) => faultsWithin(element, `${path}[${index}]`));
  if (!text.startsWith('{')) return [];
  const { members, repeated } = memberTexts(text);
  const duplicates = repeated.map((key) => ({ path: `${path}.${key}`, message: 'duplicate key' }));
  return [...duplicates, ...memberFaults(members, [], `${path}.`)];
}

/** The texts of the elements of a JSON array. */
export function elementTexts(json: string): string[] {
  const elements: string[] = [];
  let at = skipSpace(json, skipSpace(json, 0) + 1);
  while (json[at] !== ']') {
    const end = valueEnd(json, at);
    elements.push(json.slice(at, end));
    at = nextItem(json, end);
  }
  return elements;
}

function nextItem(json: string, end: number): number {
  const at = skipSpace(json, end);
  return json[at] === ',' ? skipSpace(json, at + 1) : at;
}

function skipSpace(json: string, from: number): number {
  let at = from;
  while (' \t\n\r'.includes(json[at] ?? 'x')) at++;
  return at;
}

function valueEnd(json: string, from: number): number {
  const first = json[from];
  if (first === '"') return stringEnd(json, from);
  return first === '{' || first === '[' ? bracketEnd(json, from) : search(/[\s,\]}]/g, json, from);
}

// a regular expression, because a loop over single characters would block the event loop for a batch of 10 MiB
function bracketEnd(json: string, from: number): number {
  const interesting = /["{}[\]]/g;
  let depth = 0;
  let at = from;
  do {
    at = search(interesting, json, at);
    const char = json[at];
    if (char === '"') {
      at = stringEnd(json, at);
      continue;
    }
    depth += char === '{' || char === '[' ? 1 : -1;
    at++;
  } while (depth > 0 && at < json.length);
  return at;
}

function stringEnd(json: string, from: number): number {
  let at = from;
  do at = json.indexOf('"', at + 1);
  while (isEscaped(json, at));
  return at + 1;
}

function isEscaped(json: string, quote: number): boolean {
  let slashes = 0;
  while (json[quote - 1 - slashes] === '\\') slashes++;
  return slashes % 2 === 1;
}

/** Index of the first match of `pattern` (a global regular expression) from `from` on; the length if there is none. */
function search(pattern: RegExp, json: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.exec(json)?.index ?? json.length;
}
