// Keywords of Ajv that keep validation fast for any schema and any event: a count of steps, and a `uniqueItems` that
// compares each item once.
import type { FuncKeywordDefinition } from 'ajv';

/** Inserted into the schemas that references, lists and objects apply again and again. */
export const stepKeyword = 'x-posthorn-step';

/** Some 50 ms. An ordinary event of 256 KiB takes a tenth of these at most. */
const mostSteps = 1_000_000;

export class TooManySteps extends Error {
  override name = 'TooManySteps';
}

export interface StepCount {
  keyword: FuncKeywordDefinition;
  /** Begins the count of an event. */
  start(): void;
  /** Counts work outside of the keyword. Throws TooManySteps. */
  take(steps: number): void;
}

export function createStepCount(): StepCount {
  let left = mostSteps;
  const take = (steps: number) => {
    left -= steps;
    if (left < 0) throw new TooManySteps('validation takes too many steps');
  };
  const validate = () => {
    take(1);
    return true;
  };
  return {
    keyword: { keyword: stepKeyword, schema: false, errors: false, validate },
    start() {
      left = mostSteps;
    },
    take,
  };
}

/** Ajv's own compares each item with each other item. */
export const uniqueItems: FuncKeywordDefinition = {
  keyword: 'uniqueItems',
  type: 'array',
  schemaType: 'boolean',
  error: { message: 'must not have duplicate items' },
  validate(unique: boolean, items: unknown[]): boolean {
    return !unique || new Set(items.map(canonical)).size === items.length;
  },
};

/** The same text for equal JSON values, whatever the order of keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
