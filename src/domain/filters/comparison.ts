// Compares JSON values of one type: numbers exactly, texts by their Unicode code points.
import { ExactNumber } from './exact-json.ts';

export type JsonNumber = number | ExactNumber;

export function isNumber(value: unknown): value is JsonNumber {
  return typeof value === 'number' || value instanceof ExactNumber;
}

/**
 * Below zero: `a` is less than `b`.
 *
 * Rounding keeps the order of numbers. So doubles that differ decide, and only equal ones need the exact numbers.
 */
export function compareNumbers(a: JsonNumber, b: JsonNumber): number {
  const [one, other] = [doubleOf(a), doubleOf(b)];
  if (one !== other) return one < other ? -1 : 1;
  return typeof a === 'number' && typeof b === 'number' ? 0 : compareDecimals(decimalOf(a), decimalOf(b));
}

/** Equal numbers, and only these, have the same key. */
export function keyOfNumber(number: JsonNumber): string {
  const { sign, digits, exponent } = decimalOf(number);
  return `${sign}:${digits}:${exponent}`;
}

export function doubleOf(number: JsonNumber): number {
  return typeof number === 'number' ? number : number.double;
}

/** `sign` × 0.`digits` × 10^`exponent`, without zeros at either end of the digits. Zero has no digits. */
interface Decimal {
  sign: -1 | 0 | 1;
  digits: string;
  /** A bigint only where a number would be rounded. */
  exponent: number | bigint;
}

const decimals = new WeakMap<ExactNumber, Decimal>();

function decimalOf(number: JsonNumber): Decimal {
  if (typeof number === 'number') return readDecimal(String(number));
  const known = decimals.get(number) ?? readDecimal(number.text);
  decimals.set(number, known);
  return known;
}

const written = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
const exactExponent = 15;

function readDecimal(text: string): Decimal {
  const [, minus, whole = '', fraction = '', exponent = '0'] = written.exec(text) ?? [];
  const all = whole + fraction;
  let [from, to] = [0, all.length];
  while (all[from] === '0') from++;
  while (to > from && all[to - 1] === '0') to--;
  if (from === to) return { sign: 0, digits: '', exponent: 0 };
  const shift = whole.length - from;
  return {
    sign: minus ? -1 : 1,
    digits: all.slice(from, to),
    exponent: exponent.length <= exactExponent ? Number(exponent) + shift : narrowed(BigInt(exponent) + BigInt(shift)),
  };
}

/** So that equal exponents are of the same type. */
function narrowed(exponent: bigint): number | bigint {
  return Number.isSafeInteger(Number(exponent)) ? Number(exponent) : exponent;
}

function compareDecimals(a: Decimal, b: Decimal): number {
  if (a.sign !== b.sign) return a.sign - b.sign;
  if (a.exponent !== b.exponent) return a.exponent < b.exponent ? -a.sign : a.sign;
  if (a.digits === b.digits) return 0;
  return a.digits < b.digits ? -a.sign : a.sign;
}

/** Below zero: `a` comes before `b`. */
export function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const [one, other] = [a.charCodeAt(at), b.charCodeAt(at)];
    // surrogates stand for code points above all others, but some others have higher code units
    if (one !== other) return isSurrogate(one) === isSurrogate(other) ? one - other : isSurrogate(one) ? 1 : -1;
  }
  return a.length - b.length;
}

const isSurrogate = (unit: number) => unit >= 0xd800 && unit <= 0xdfff;
