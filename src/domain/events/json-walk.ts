// Walks a JSON text token by token, in its order, with numbers as written, and without recursion at
// any depth. Only for text that JSON.parse has accepted; for other text the result is undefined.

export type JsonToken =
  | { kind: 'open'; of: 'object' | 'array' }
  | { kind: 'close' }
  | { kind: 'key'; key: string }
  /** `text`: the value as written; `string`: the decoded string, null for other values. */
  | { kind: 'value'; text: string; string: string | null };

// strings use an unrolled loop, because one alternation for each character would overflow the stack of the regular
// expression
const token = /[\s,:]*(?:("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|([{[])|([}\]])|([^\s,\]}]+))/gy;

export function* walkJson(json: string): Generator<JsonToken> {
  token.lastIndex = 0;
  let at = 0;
  for (;;) {
    token.lastIndex = at;
    const found = token.exec(json);
    if (!found) return;
    at = token.lastIndex;
    const [, quoted, colon, open, close, plain] = found;
    if (quoted !== undefined && colon !== undefined) yield { kind: 'key', key: JSON.parse(quoted) };
    else if (quoted !== undefined) yield { kind: 'value', text: quoted, string: JSON.parse(quoted) };
    else if (open !== undefined) yield { kind: 'open', of: open === '{' ? 'object' : 'array' };
    else if (close !== undefined) yield { kind: 'close' };
    else if (plain !== undefined) yield { kind: 'value', text: plain, string: null };
  }
}
