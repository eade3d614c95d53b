// JSON whose numbers stay as they were written: 64-bit integers and long decimals would be rounded as JavaScript numbers.

interface WithRaw {
  parse(text: string, reviver: (name: string, value: unknown, context: { source?: string }) => unknown): unknown;
  rawJSON(text: string): unknown;
}
const json = JSON as unknown as WithRaw;

/** A number that JavaScript cannot hold becomes an object that `JSON.stringify` writes as it was. */
export function parseExact(text: string): unknown {
  return json.parse(text, (_name, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source ? json.rawJSON(source) : value,
  );
}
