// Another reading of the filter language, as plain as can be: it reads JSON with a parser of its own, keeps every number as its
// text and compares numbers as fractions of big integers. The tests compare it with the compiled filter.
import { walkJson } from '#domain/events/json-walk';

interface NumberText {
  number: string;
}
export type Naive = null | boolean | string | NumberText | Naive[] | Map<string, Naive>;

function readNaively(json: string): Naive {
  const tokens = [...walkJson(json)];
  let at = 0;
  const value = (): Naive => {
    const token = tokens[at++];
    if (token?.kind === 'open' && token.of === 'array') {
      const items: Naive[] = [];
      while (tokens[at]?.kind !== 'close') items.push(value());
      at++;
      return items;
    }
    if (token?.kind === 'open') {
      const members = new Map<string, Naive>();
      for (let next = tokens[at]; next?.kind === 'key'; next = tokens[at]) {
        at++;
        members.set(next.key, value());
      }
      at++;
      return members;
    }
    if (token?.kind !== 'value') throw new Error('not JSON');
    if (token.string !== null) return token.string;
    if (token.text === 'null') return null;
    return token.text === 'true' || token.text === 'false' ? token.text === 'true' : { number: token.text };
  };
  return value();
}

const isNumber = (value: unknown): value is NumberText => typeof value === 'object' && value !== null && 'number' in value;

/** As a fraction of 10^scale. */
function scaled({ number }: NumberText, scale: number): bigint {
  const [digits = '', exponent = '0'] = number.toLowerCase().split('e');
  const [whole = '', fraction = ''] = digits.split('.');
  return BigInt(whole + fraction) * 10n ** BigInt(Number(exponent) - fraction.length + scale);
}

function order(a: Naive, b: Naive): number | null {
  if (isNumber(a) && isNumber(b)) {
    const [one, other] = [scaled(a, 1_000), scaled(b, 1_000)];
    // the sign of -0 is lost in a big integer, as it should be
    return one < other ? -1 : Number(one > other);
  }
  if (typeof a !== 'string' || typeof b !== 'string') return null;
  const [one, other] = [[...a], [...b]].map((chars) => chars.map((char) => char.codePointAt(0) ?? 0)) as [number[], number[]];
  const at = one.findIndex((point, index) => point !== other[index]);
  if (at < 0) return one.length - other.length;
  return (one[at] ?? 0) - (other[at] ?? -1);
}

function equal(a: Naive | undefined, b: Naive): boolean {
  return a === b || (a !== undefined && isNumber(a) && isNumber(b) && order(a, b) === 0);
}

/** All values at a path: one, or none, or one for each element. Undefined: absent. */
function valuesAt(value: Naive | undefined, parts: string[]): (Naive | undefined)[] {
  const [part, ...rest] = parts;
  if (part === undefined) return [value];
  if (part === '*') return Array.isArray(value) ? value.flatMap((element) => valuesAt(element, rest)) : [];
  if (Array.isArray(value)) return valuesAt(/^(0|[1-9]\d*)$/.test(part) ? value[Number(part)] : undefined, rest);
  const key = part.replaceAll(/\\(.)/g, '$1');
  return valuesAt(value instanceof Map ? value.get(key) : undefined, rest);
}

const compared: Record<string, (value: Naive | undefined, operand: Naive) => boolean> = {
  $eq: equal,
  $ne: (value, operand) => !equal(value, operand),
  $in: (value, operand) => (operand as Naive[]).some((one) => equal(value, one)),
  $nin: (value, operand) => !(operand as Naive[]).some((one) => equal(value, one)),
  $gt: (value, operand) => value !== undefined && (order(value, operand) ?? 0) > 0,
  $gte: (value, operand) => value !== undefined && (order(value, operand) ?? -1) >= 0,
  $lt: (value, operand) => value !== undefined && (order(value, operand) ?? 0) < 0,
  $lte: (value, operand) => value !== undefined && (order(value, operand) ?? 1) <= 0,
  $exists: (value, operand) => (value !== undefined) === operand,
  $prefix: (value, operand) => typeof value === 'string' && value.slice(0, String(operand).length) === operand,
  $suffix: (value, operand) => typeof value === 'string' && value.slice(-String(operand).length) === operand,
  $contains: (value, operand) =>
    typeof value === 'string'
      ? typeof operand === 'string' && value.split(operand).length > 1
      : Array.isArray(value) && value.some((one) => equal(one, operand)),
};

/** `value`: that the conditions are about; the whole event at the top, where keys are paths. */
function holds(condition: Naive, value: Naive | undefined, isTop: boolean): boolean {
  if (!(condition instanceof Map)) return equal(value, condition);
  return [...condition].every(([key, inner]) => {
    if (key === '$and') return (inner as Naive[]).every((one) => holds(one, value, isTop));
    if (key === '$or') return (inner as Naive[]).some((one) => holds(one, value, isTop));
    if (key === '$not') return !holds(inner, value, isTop);
    if (!isTop) return compared[key]?.(value, inner);
    const parts = key.match(/(?:\\.|[^.\\])+/g) ?? [];
    return valuesAt(value, parts).some((found) => holds(inner, found, false));
  });
}

export function matchesNaively(filter: string, body: string): boolean {
  return holds(readNaively(filter), readNaively(body), true);
}
