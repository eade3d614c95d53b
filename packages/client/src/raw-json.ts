// JSON text that is sent byte for byte, as the `data` of an event: JSON.stringify cannot write integers beyond 2^53 or decimals with trailing zeros.

export class RawJson {
  readonly text: string;

  /** Throws a SyntaxError for a text that is not JSON. */
  constructor(text: string) {
    JSON.parse(text);
    this.text = text;
  }

  /** Elsewhere it would be sent as an object with a text. */
  toJSON(): never {
    throw new TypeError('rawJson(…) can be only the whole `data` of an event that is sent or published');
  }
}

/** The text of a JSON value, or of `rawJson`. Throws a TypeError for what has none. */
export function jsonText(data: unknown): string {
  const text = data instanceof RawJson ? data.text : textOf(data);
  if (text === undefined) throw new TypeError('data must be a JSON value');
  return text;
}

function textOf(data: unknown): string | undefined {
  try {
    return JSON.stringify(data);
  } catch (cause) {
    if (!String(cause).includes('BigInt')) throw cause;
    throw new TypeError('data has a BigInt, which JSON.stringify cannot write: give the JSON text with rawJson(…)', { cause });
  }
}

/** @example posthorn.events.send('acme', { type: 'order.paid', data: rawJson('{"amount":12345678901234567890}') }) */
export function rawJson(text: string): RawJson {
  return new RawJson(text);
}
