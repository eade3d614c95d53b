// JSON text that is sent byte for byte: JSON.stringify cannot write integers beyond 2^53 or decimals with trailing zeros.

export class RawJson {
  readonly text: string;

  /** Throws a SyntaxError for a text that is not JSON. */
  constructor(text: string) {
    JSON.parse(text);
    this.text = text;
  }
}

/** @example posthorn.events.send('acme', { type: 'order.paid', data: rawJson('{"amount":12345678901234567890}') }) */
export function rawJson(text: string): RawJson {
  return new RawJson(text);
}
