// Where the members of a JSON text stand, so that a producer's `data` passes through byte for byte: JSON.parse would round its numbers.
// Only for text that JSON.parse has accepted; on anything else the result means nothing.

const [quote, opensArray, opensObject, closesArray, closesObject] = [...'"[{]}'].map((char) => char.charCodeAt(0));

/** The members of the object that starts at `from` (spaces before it allowed): for each key the text of its value, and any key said twice. */
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

/** Does it nest arrays and objects more than `limit` deep? For any text, before JSON.parse: brackets alone cost it over 100 bytes a level. */
export function isDeeperThan(limit: number, json: string): boolean {
  if (json.length <= 2 * limit) return false;
  let depth = 0;
  // by codes: twice as fast as by a regular expression
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === quote) {
      at = stringEnd(json, at) - 1;
      if (at < 0) return false; // it has no end
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
 * What readers of JSON understand differently in the members of an object of ours, at any depth: a key said twice, and the language's `__proto__`,
 * which a copy of the object would lose. Members named in `passedOn` are not looked into: they are not ours.
 */
export function memberFaults(members: ReadonlyMap<string, string>, passedOn: readonly string[] = [], before = ''): MemberFault[] {
  return [...members].flatMap(([key, text]) => {
    const path = `${before}${key}`;
    if (key === '__proto__') return [{ path, message: 'is not known here' }];
    return passedOn.includes(key) ? [] : faultsWithin(text, path);
  });
}

function faultsWithin(text: string, path: string): MemberFault[] {
  if (!text.includes('{')) return [];
  if (text.startsWith('[')) return elementTexts(text).flatMap((element, index) => faultsWithin(element, `${path}[${index}]`));
  if (!text.startsWith('{')) return [];
  const { members, repeated } = memberTexts(text);
  const twice = repeated.map((key) => ({ path: `${path}.${key}`, message: 'is said twice' }));
  return [...twice, ...memberFaults(members, [], `${path}.`)];
}

/** The texts of the elements of the array that `json` is. */
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

// by a regular expression because char by char a batch of 10 MiB would hold up everyone else
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

/** Where `pattern`, a global one, is found first from `from` on. */
function search(pattern: RegExp, json: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.exec(json)?.index ?? json.length;
}
