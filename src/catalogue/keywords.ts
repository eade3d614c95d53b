// Keywords of Ajv that keep validation fast for any schema and any event: a count of steps, and `uniqueItems` and `enum`
// that look at each value once.
import type { FuncKeywordDefinition } from 'ajv';
import { canonicalJson } from '#domain/schemas/canonical-json';

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

type Take = StepCount['take'];

/** Ajv's own compares each item with each other item. */
export function uniqueItems(take: Take): FuncKeywordDefinition {
  return {
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    error: { message: 'must not have duplicate items' },
    validate(unique: boolean, items: unknown[]): boolean {
      return !unique || valuesOf(items, take).size === items.length;
    },
  };
}

/** Ajv's own compares the value with each value of a long list. */
export function enumOf(take: Take): FuncKeywordDefinition {
  return {
    keyword: 'enum',
    schemaType: 'array',
    error: { message: 'must be one of the listed values' },
    compile(listed: unknown[]) {
      const { plain, texts } = valuesOf(listed, () => undefined);
      return (value: unknown) => (isPlain(value) ? plain.has(value) : texts.size > 0 && texts.has(canonical(value, take)));
    },
  };
}

/** The different ones among JSON values. `texts`: those of objects and arrays. */
function valuesOf(values: unknown[], take: Take): { plain: Set<unknown>; texts: Set<string>; size: number } {
  const plain = new Set(values.filter(isPlain));
  const texts = new Set(values.filter((value) => !isPlain(value)).map((value) => canonical(value, take)));
  return { plain, texts, size: plain.size + texts.size };
}

const isPlain = (value: unknown) => typeof value !== 'object' || value === null;

/** About as long as a step of the count takes. */
const charactersInStep = 4;

function canonical(value: unknown, take: Take): string {
  const text = canonicalJson(value);
  take(text.length / charactersInStep);
  return text;
}
