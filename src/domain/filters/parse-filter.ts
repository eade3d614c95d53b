// Reads a filter: checks it, and makes the tree from which it is compiled and compared with schemas.

import { faultText } from '../faults/fault.ts';
import { isNumber } from './comparison.ts';
import { ExactNumber } from './exact-json.ts';
import { parsePath, type Step } from './path.ts';

export const comparisons = [
  '$eq',
  '$ne',
  '$in',
  '$nin',
  '$gt',
  '$gte',
  '$lt',
  '$lte',
  '$exists',
  '$prefix',
  '$suffix',
  '$contains',
] as const;
export type Comparison = (typeof comparisons)[number];

export type Scalar = string | boolean | null | number | ExactNumber;

/** `at`: JSON pointer into the filter. Undefined as a value: it is absent. */
export type Node =
  | { kind: 'all' | 'any'; at: string; of: Node[] }
  | { kind: 'not'; at: string; of: Node }
  | { kind: 'path'; at: string; path: string; steps: Step[]; of: Node }
  | { kind: 'compare'; at: string; operator: Comparison; operand: unknown };

export interface FilterProblem {
  /** From the filter on. */
  path: (string | number)[];
  message: string;
}

/** `searched`: characters of a text that is searched for within texts. `paths`: those with a star. */
export const limits = { characters: 4_096, depth: 10, conditions: 50, values: 100, paths: 5, searched: 200 } as const;

const operators = `one of ${comparisons.join(', ')}, $and, $or or $not`;

/** The tree, or what is wrong. `given`: parsed JSON; `ExactNumber` may stand for a number. */
export function parseFilter(given: unknown): { filter: Node; problems: [] } | { filter: null; problems: FilterProblem[] } {
  const reader = new Reader();
  const size = JSON.stringify(given)?.length ?? 0;
  if (size > limits.characters) reader.refuse([], faultText('filter_size', { most: limits.characters, size }));
  else reader.read(given);
  const { filter, problems } = reader;
  return filter && problems.length === 0 ? { filter, problems: [] } : { filter: null, problems };
}

type Path = (string | number)[];

class Reader {
  filter: Node | null = null;
  readonly problems: FilterProblem[] = [];
  #conditions = 0;
  #paths = 0;

  refuse(path: Path, message: string): null {
    this.problems.push({ path, message });
    return null;
  }

  read(given: unknown): void {
    this.filter = this.#ofEvent(given, []);
    if (this.#conditions > limits.conditions)
      this.refuse([], faultText('filter_conditions', { most: limits.conditions, count: this.#conditions }));
    if (this.#paths > limits.paths) this.refuse([], faultText('filter_stars', { most: limits.paths, count: this.#paths }));
  }

  /** Conditions on the event: paths, and their combinations. */
  #ofEvent(given: unknown, path: Path): Node | null {
    if (!isObject(given)) return this.refuse(path, faultText('filter_object'));
    return this.#each(given, path, (key, value, at) => {
      if (isCombination(key)) return this.#combined(key, value, at, (inner, where) => this.#ofEvent(inner, where));
      if (key.startsWith('$')) return this.refuse(at, faultText('filter_operator_place', { operator: key }));
      return this.#atPath(key, value, at);
    });
  }

  #atPath(path: string, given: unknown, at: Path): Node | null {
    const steps = parsePath(path);
    if (typeof steps === 'string') return this.refuse(at, steps);
    if (steps.includes(null)) this.#paths++;
    const of = this.#ofValue(given, at);
    return of && { kind: 'path', at: pointer(at), path, steps, of };
  }

  /** Conditions on one value. A plain value stands for `$eq`. */
  #ofValue(given: unknown, path: Path): Node | null {
    if (isScalar(given)) return this.#compare('$eq', given, path);
    if (!isObject(given)) return this.refuse(path, faultText('filter_value', { operators }));
    return this.#each(given, path, (key, value, at) => {
      if (isCombination(key)) return this.#combined(key, value, at, (inner, where) => this.#ofValue(inner, where));
      return isComparison(key) ? this.#compare(key, value, at) : this.refuse(at, faultText('filter_operator', { operators }));
    });
  }

  #each(given: Record<string, unknown>, path: Path, read: (key: string, value: unknown, at: Path) => Node | null): Node | null {
    if (path.length > limits.depth) return this.refuse(path, faultText('filter_depth', { most: limits.depth }));
    const keys = Object.keys(given);
    if (keys.length === 0) return this.refuse(path, faultText('filter_empty'));
    return allOf(
      'all',
      path,
      keys.map((key) => read(key, given[key], [...path, key])),
    );
  }

  #combined(key: Combination, given: unknown, path: Path, read: (inner: unknown, path: Path) => Node | null): Node | null {
    if (key === '$not') {
      const of = read(given, path);
      return of && { kind: 'not', at: pointer(path), of };
    }
    if (!Array.isArray(given) || given.length === 0) return this.refuse(path, faultText('filter_list'));
    if (path.length > limits.depth) return this.refuse(path, faultText('filter_depth', { most: limits.depth }));
    return allOf(
      key === '$and' ? 'all' : 'any',
      path,
      given.map((inner, index) => read(inner, [...path, index])),
    );
  }

  #compare(operator: Comparison, operand: unknown, path: Path): Node | null {
    this.#conditions++;
    const problem = operandProblem(operator, operand);
    if (problem !== null) return this.refuse(path, problem);
    return { kind: 'compare', at: pointer(path), operator, operand };
  }
}

/** Null: one of them was refused. */
function allOf(kind: 'all' | 'any', path: Path, nodes: (Node | null)[]): Node | null {
  const of = nodes.filter((node) => node !== null);
  if (of.length < nodes.length) return null;
  return of.length === 1 ? (of[0] as Node) : { kind, at: pointer(path), of };
}

function operandProblem(operator: Comparison, operand: unknown): string | null {
  switch (operator) {
    case '$in':
    case '$nin':
      return isValues(operand) ? null : faultText('operand_list', { most: limits.values });
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte':
      return typeof operand === 'string' || isNumber(operand) ? null : faultText('operand_ordered');
    case '$exists':
      return typeof operand === 'boolean' ? null : faultText('operand_boolean');
    case '$prefix':
    case '$suffix':
      return typeof operand === 'string' && operand !== '' ? null : faultText('operand_text');
    case '$contains':
      return isSearched(operand) ? null : faultText('operand_searched', { most: limits.searched });
    default:
      return isScalar(operand) ? null : faultText('operand_scalar');
  }
}

/** The time of a search may grow with both texts. */
function isSearched(operand: unknown): boolean {
  return typeof operand === 'string' ? operand !== '' && operand.length <= limits.searched : isScalar(operand);
}

function isValues(operand: unknown): boolean {
  return Array.isArray(operand) && operand.length > 0 && operand.length <= limits.values && operand.every(isScalar);
}

export function isScalar(value: unknown): value is Scalar {
  return value === null || typeof value === 'string' || typeof value === 'boolean' || isNumber(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber);
}

const combinations = ['$and', '$or', '$not'] as const;
type Combination = (typeof combinations)[number];
const isCombination = (key: string): key is Combination => combinations.some((one) => one === key);
const isComparison = (key: string): key is Comparison => comparisons.some((one) => one === key);

function pointer(path: Path): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
