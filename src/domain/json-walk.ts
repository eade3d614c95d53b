// Walks a JSON text token by token: in its own order, with numbers as they are written, and however deep it is without recursion.
// Only for text that JSON.parse has accepted; on anything else the result means nothing.

export type JsonToken =
  | { kind: 'open'; of: 'object' | 'array' }
  | { kind: 'close' }
  | { kind: 'key'; key: string }
  /** `text`: as it is written; `string`: what it says when it is a string. */
  | { kind: 'value'; text: string; string: string | null };

// strings by an unrolled loop: one alternation for each character would fill the stack of the regular expression
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
