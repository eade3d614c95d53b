// Whether a schema allows a value for which a comparison holds, by the plain keywords that apply to that value.
import { compareNumbers, isNumber, type JsonNumber } from './comparison.ts';
import { holdsFor } from './compile-filter.ts';
import type { Comparison, Scalar } from './parse-filter.ts';
import { allows } from './schema-parts.ts';

type JsonObject = Record<string, unknown>;

/** Why no allowed value fits. Null: one may. */
export function whyNoValue(plain: JsonObject, operator: Comparison, operand: unknown): string | null {
  const listed = listedValues(plain);
  if (listed) return listed.some(holdsFor(operator, operand)) ? null : `is ${listed.length === 1 ? '' : 'one of '}${shown(listed)}`;
  if (operator === '$in') {
    const reasons = (operand as Scalar[]).map((one) => whyNoValue(plain, '$eq', one));
    return reasons.every((reason) => reason !== null) ? (reasons[0] ?? null) : null;
  }
  const types = typesFor(operator, operand);
  if (types && !allows(plain, ...types)) return `is ${[plain.type].flat().join(' or ')}`;
  return isNumber(operand) ? whyNoNumber(plain, operator, operand) : whyNoText(plain, operator, operand);
}

/** Whether the comparison holds for every allowed value. */
export function holdsForAll(plain: JsonObject, operator: Comparison, operand: unknown): boolean {
  return listedValues(plain)?.every(holdsFor(operator, operand)) ?? false;
}

/** Null: there is no list, or it has a number that may have been rounded when the schema was read. */
function listedValues(plain: JsonObject): unknown[] | null {
  const listed = 'const' in plain ? [plain.const] : plain.enum;
  if (!Array.isArray(listed) || listed.length === 0) return null;
  return listed.every((value) => typeof value !== 'number' || isExact(value)) ? listed : null;
}

function isExact(number: number): boolean {
  const text = String(number);
  return Number.isFinite(number) && !text.includes('e') && text.replace(/\D/g, '').length <= 15;
}

const mostShown = 5;

function shown(values: unknown[]): string {
  const texts = values.slice(0, mostShown).map((value) => JSON.stringify(value).slice(0, 50));
  return `${texts.join(', ')}${values.length > mostShown ? ', …' : ''}`;
}

/** The JSON types that a value must have. Null: any. */
function typesFor(operator: Comparison, operand: unknown): string[] | null {
  switch (operator) {
    case '$eq':
      return typesOf(operand);
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte':
      return typeof operand === 'string' ? ['string'] : ['number', 'integer'];
    case '$prefix':
    case '$suffix':
      return ['string'];
    case '$contains':
      return typeof operand === 'string' ? ['string', 'array'] : ['array'];
    default:
      return null;
  }
}

function typesOf(value: unknown): string[] {
  if (value === null) return ['null'];
  if (typeof value === 'number') return Number.isInteger(value) ? ['number', 'integer'] : ['number'];
  return isNumber(value) ? ['number', 'integer'] : [typeof value];
}

function whyNoNumber(plain: JsonObject, operator: Comparison, operand: JsonNumber): string | null {
  const isLow = operator === '$eq' || operator === '$gt' || operator === '$gte';
  const isHigh = operator === '$eq' || operator === '$lt' || operator === '$lte';
  const over = (limit: unknown) => (typeof limit === 'number' && isExact(limit) ? compareNumbers(operand, limit) : null);
  const most = over(plain.maximum);
  if (isLow && most !== null && (operator === '$gt' ? most >= 0 : most > 0)) return `is at most ${plain.maximum}`;
  const below = over(plain.exclusiveMaximum);
  if (isLow && below !== null && below >= 0) return `is less than ${plain.exclusiveMaximum}`;
  const least = over(plain.minimum);
  if (isHigh && least !== null && (operator === '$lt' ? least <= 0 : least < 0)) return `is at least ${plain.minimum}`;
  const above = over(plain.exclusiveMinimum);
  return isHigh && above !== null && above <= 0 ? `is greater than ${plain.exclusiveMinimum}` : null;
}

function whyNoText({ maxLength, minLength }: JsonObject, operator: Comparison, operand: unknown): string | null {
  if (operator !== '$eq' || typeof operand !== 'string') return null;
  const length = [...operand].length;
  if (typeof maxLength === 'number' && length > maxLength) return `has at most ${maxLength} characters`;
  return typeof minLength === 'number' && length < minLength ? `has at least ${minLength} characters` : null;
}
