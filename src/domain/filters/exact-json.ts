// JSON whose numbers are kept as they are written: a double rounds integers above 2^53 and long decimals.
import { numberAsWritten, parseNumbers } from '../json-numbers.ts';

/** A number that a double may round. All others are plain numbers. Its fields are private, so no path leads into it. */
export class ExactNumber {
  readonly #text: string;
  readonly #double: number;

  constructor(text: string) {
    this.#text = text;
    this.#double = Number(text);
  }

  /** Rounded. */
  get double(): number {
    return this.#double;
  }

  /** As it was written. */
  get text(): string {
    return this.#text;
  }

  toJSON(): unknown {
    return numberAsWritten(this.#text);
  }
}

/** Different decimals with so many characters, and without an exponent, are different doubles. */
const exactLength = 15;
/** Numbers that may be longer. It also finds some within strings. */
const long = /[\s:,[](-?(?:[\d.]{16,}|[\d.]{1,15}(?=[eE]))(?:[eE][+-]?\d+)?)/g;

/** The numbers of a JSON text that a double may round, by their doubles. Null: the double alone does not say which it is. */
export type LongNumbers = ReadonlyMap<number, ExactNumber | null>;

export const noLongNumbers: LongNumbers = new Map();

/** `json`: an object or array. A number whose double is not in the result is the same as its double. */
export function longNumbersOf(json: string): LongNumbers {
  const found = new Map<number, ExactNumber | null>();
  for (const [, text = ''] of json.matchAll(long)) {
    const number = new ExactNumber(text);
    const known = found.get(number.double);
    const isOnly = known === undefined ? !mayBeShort(number.double) : known?.text === text;
    found.set(number.double, isOnly ? number : null);
  }
  return found;
}

/** Whether the double may have been written with so few characters that the number is not found. */
function mayBeShort(double: number): boolean {
  return (/[\d.]+/.exec(String(double))?.[0] ?? '').replace('.', '').length <= exactLength;
}

/** Parses JSON. Numbers that a double may round become `ExactNumber`. */
export function parseExactly(json: string): unknown {
  return parseNumbers(json, (source, double) => (isLong(source) ? new ExactNumber(source) : double));
}

function isLong(number: string): boolean {
  return number.length > exactLength || number.includes('e') || number.includes('E');
}
