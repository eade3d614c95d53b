// Reads and writes JSON numbers as they are written: a double rounds integers above 2^53 and long decimals.

// newer than the types of TypeScript
const json = JSON as unknown as {
  parse(text: string, reviver: (name: string, value: unknown, context: { source?: string }) => unknown): unknown;
  rawJSON(text: string): unknown;
};

/** Parses JSON. `read` gives the value of each number, from its text and its double. */
export function parseNumbers(text: string, read: (source: string, double: number) => unknown): unknown {
  return json.parse(text, (_name, value, { source }) => (typeof value === 'number' && source !== undefined ? read(source, value) : value));
}

/** An object that `JSON.stringify` writes as this number. */
export const numberAsWritten = (source: string): unknown => json.rawJSON(source);

/** Parses JSON that is written again unchanged: a number that JavaScript writes otherwise, such as 12.50, becomes such an object. */
export function parseAsWritten(text: string): unknown {
  return parseNumbers(text, (source, double) => (String(double) === source ? double : numberAsWritten(source)));
}
