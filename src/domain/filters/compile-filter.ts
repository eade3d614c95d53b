// Compiles a filter into a function of the event's content. It allocates nothing, and looks at each value of the content at
// most twice for each condition: with rounded numbers, and if these do not decide, with exact ones.
import { compareNumbers, compareTexts, doubleOf, isNumber, type JsonNumber, keyOfNumber } from './comparison.ts';
import { type LongNumbers, noLongNumbers } from './exact-json.ts';
import type { Comparison, Node, Scalar } from './parse-filter.ts';
import { type Step, stepInto } from './path.ts';

export interface Decision {
  matches: boolean;
  /** JSON pointer to the smallest part of the filter that alone decided; empty: all of it. */
  decidedBy: string;
  /** The other result of the same part. */
  opposite: Decision;
}

/** No decision: it needs exact numbers. */
export const tied: Decision = { matches: false, decidedBy: '' } as Decision;
tied.opposite = tied;

/**
 * `value`: undefined if there is none. `exact`: what is known of rounded numbers; null: nothing. The decision is `tied` where
 * a number may be equal to one of the filter by rounding only.
 */
export type Test = (value: unknown, exact: LongNumbers | null) => Decision;
/** Null: tied. */
type Holds = (value: unknown, exact: LongNumbers | null) => boolean | null;

/** The test is of `{ type, data }`. */
export function compileFilter(node: Node): Test {
  const { yes, no } = decisionsAt(node.at);
  switch (node.kind) {
    case 'all':
      return firstOf(node.of.map(compileFilter), false, yes);
    case 'any':
      return firstOf(node.of.map(compileFilter), true, no);
    case 'not': {
      const test = compileFilter(node.of);
      return (value, exact) => test(value, exact).opposite;
    }
    case 'path': {
      const test = compileFilter(node.of);
      return node.steps.includes(null) ? anyAlong(node.steps, test, no) : along(node.steps as Exclude<Step, null>[], test);
    }
    case 'compare': {
      const holds = comparison(node.operator, node.operand);
      return (value, exact) => {
        const found = holds(value, exact);
        return found === null ? tied : found ? yes : no;
      };
    }
  }
}

/** The first decision that is `wanted`, else `otherwise`. */
function firstOf(tests: Test[], wanted: boolean, otherwise: Decision): Test {
  return (value, exact) => {
    for (const test of tests) {
      const decision = test(value, exact);
      if (decision.matches === wanted || decision === tied) return decision;
    }
    return otherwise;
  };
}

function along(steps: Exclude<Step, null>[], test: Test): Test {
  return (root, exact) => {
    let value = root;
    for (const step of steps) value = stepInto(value, step);
    return test(value, exact);
  };
}

/** With a star: at least one of the values must match. */
function anyAlong(steps: Step[], test: Test, none: Decision): Test {
  const from = (value: unknown, at: number, exact: LongNumbers | null): Decision => {
    const step = steps[at];
    if (step === undefined) return test(value, exact);
    if (step !== null) return from(stepInto(value, step), at + 1, exact);
    if (!Array.isArray(value)) return none;
    for (const element of value) {
      const decision = from(element, at + 1, exact);
      if (decision.matches || decision === tied) return decision;
    }
    return none;
  };
  return (root, exact) => from(root, 0, exact);
}

function comparison(operator: Comparison, operand: unknown): Holds {
  switch (operator) {
    case '$eq':
      return equals(operand as Scalar);
    case '$ne':
      return not(equals(operand as Scalar));
    case '$in':
      return isOneOf(operand as Scalar[]);
    case '$nin':
      return not(isOneOf(operand as Scalar[]));
    case '$gt':
      return compares(operand as string | JsonNumber, (order) => order > 0);
    case '$gte':
      return compares(operand as string | JsonNumber, (order) => order >= 0);
    case '$lt':
      return compares(operand as string | JsonNumber, (order) => order < 0);
    case '$lte':
      return compares(operand as string | JsonNumber, (order) => order <= 0);
    case '$exists':
      return (value) => (value !== undefined) === operand;
    case '$prefix':
      return (value) => typeof value === 'string' && value.startsWith(operand as string);
    case '$suffix':
      return (value) => typeof value === 'string' && value.endsWith(operand as string);
    case '$contains':
      return contains(operand as Scalar);
  }
}

/** Whether the operator holds for an exact value. */
export function holdsFor(operator: Comparison, operand: unknown): (value: unknown) => boolean {
  const holds = comparison(operator, operand);
  return (value) => holds(value, noLongNumbers) === true;
}

const not =
  (holds: Holds): Holds =>
  (value, exact) => {
    const found = holds(value, exact);
    return found === null ? null : !found;
  };

function equals(operand: Scalar): Holds {
  return isNumber(operand) ? compares(operand, (order) => order === 0) : (value) => value === operand;
}

function isOneOf(operands: Scalar[]): Holds {
  const numbers = operands.filter(isNumber);
  const others = new Set<unknown>(operands.filter((operand) => !isNumber(operand)));
  // most numbers are told apart by their doubles, without their keys
  const doubles = new Set(numbers.map(doubleOf));
  const keys = new Set(numbers.map(keyOfNumber));
  return (value, exact) => {
    if (!isNumber(value)) return others.has(value);
    if (!doubles.has(doubleOf(value))) return false;
    const number = exactly(value, exact);
    return number === null ? null : keys.has(keyOfNumber(number));
  };
}

function compares(operand: string | JsonNumber, fits: (order: number) => boolean): Holds {
  if (typeof operand === 'string') return (value) => typeof value === 'string' && fits(compareTexts(value, operand));
  const double = doubleOf(operand);
  return (value, exact) => {
    if (!isNumber(value)) return false;
    const number = doubleOf(value) === double ? exactly(value, exact) : value;
    return number === null ? null : fits(compareNumbers(number, operand));
  };
}

/** Null: it is not known which number was rounded to this one. */
function exactly(value: JsonNumber, exact: LongNumbers | null): JsonNumber | null {
  if (typeof value !== 'number') return value;
  if (exact === null) return null;
  const known = exact.get(value);
  return known === undefined ? value : known;
}

/** A text within a text, or a value of an array. */
function contains(operand: Scalar): Holds {
  const equal = equals(operand);
  return (value, exact) => {
    if (typeof value === 'string') return typeof operand === 'string' && value.includes(operand);
    if (!Array.isArray(value)) return false;
    for (const element of value) {
      const found = equal(element, exact);
      if (found !== false) return found;
    }
    return false;
  };
}

function decisionsAt(at: string): { yes: Decision; no: Decision } {
  const yes = { matches: true, decidedBy: at } as Decision;
  const no: Decision = { matches: false, decidedBy: at, opposite: yes };
  yes.opposite = no;
  return { yes, no };
}
