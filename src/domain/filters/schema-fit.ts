// Finds filters that match no event that its schema allows. Only what is certain is found: keywords that are not understood
// here count as "anything", and so does what several conditions say together.
import { holdsFor } from './compile-filter.ts';
import type { Comparison, Node } from './parse-filter.ts';
import type { Step } from './path.ts';
import { allows, elementsOf, isJsonObject, memberOf, partsOf } from './schema-parts.ts';
import { holdsForAll, whyNoValue } from './schema-values.ts';

export interface Impossible {
  /** JSON pointer into the filter. */
  at: string;
  /** What the schema says, such as `data.amount is string`. */
  reason: string;
}

/** Why the filter matches no event of this type with such data; empty: it may match. `schema`: of `data`. */
export function whyNever(filter: Node, type: string, schema: unknown): Impossible[] {
  const event = { type: 'object', properties: { type: { const: type }, data: schema }, required: ['type', 'data'] };
  return new Fit(event, schema).why(filter, true, null);
}

/** The path that conditions are about. Null: none yet, as in `{ $or: … }`. */
interface Place {
  path: string;
  steps: Step[];
}

class Fit {
  readonly #event: unknown;
  /** In which references are found. */
  readonly #root: unknown;

  constructor(event: unknown, root: unknown) {
    this.#event = event;
    this.#root = root;
  }

  /** Why the conditions cannot be `wanted` (true or false); empty: they may. */
  why(node: Node, wanted: boolean, place: Place | null): Impossible[] {
    switch (node.kind) {
      case 'all':
      case 'any': {
        const reasons = node.of.map((one) => this.why(one, wanted, place));
        // true for all and false for any need every part; the other two need one
        if ((node.kind === 'all') === wanted) return reasons.find((one) => one.length > 0) ?? [];
        return reasons.every((one) => one.length > 0) ? reasons.flat() : [];
      }
      case 'not':
        return this.why(node.of, !wanted, place);
      case 'path':
        // a list may be empty, and then nothing in it matches
        return node.steps.includes(null) && !wanted ? [] : this.why(node.of, wanted, node);
      case 'compare': {
        const reason = place && this.#whyNot(place, node.operator, node.operand, wanted);
        return reason ? [{ at: node.at, reason }] : [];
      }
    }
  }

  #whyNot({ path, steps }: Place, operator: Comparison, operand: unknown, wanted: boolean): string | null {
    const [positive, holds] = positiveOf(operator, wanted);
    if (holdsFor(positive, operand)(undefined) === holds && this.#mayBeAbsent(steps, this.#event)) return null;
    const reason = this.#whyNoValue(steps, this.#event, (plain) => {
      if (positive === '$exists') return operand === holds ? null : 'always exists';
      if (holds) return whyNoValue(plain, positive, operand);
      return holdsForAll(plain, positive, operand) ? 'always fits' : null;
    });
    return reason && `${path} ${reason}`;
  }

  /** Why no value at these steps fits, by `whyNot`; null: one may. */
  #whyNoValue(steps: Step[], schema: unknown, whyNot: (plain: Record<string, unknown>) => string | null): string | null {
    const { plain, choices } = partsOf(schema, this.#root);
    if (plain === null) return 'does not exist';
    const [step, ...rest] = steps;
    for (const part of plain) {
      const reason = step === undefined ? whyNot(part) : this.#whyNoneBelow(step, rest, part, whyNot);
      if (reason !== null) return reason;
    }
    // a choice is looked at once, however deep it is: what it refers to is in the parts of its own
    for (const choice of choices) {
      const reasons = choice.map((one) => this.#within(() => this.#whyNoValue(steps, one, whyNot)));
      if (reasons.length > 0 && reasons.every((reason) => reason !== null)) return reasons[0] ?? null;
    }
    return null;
  }

  #whyNoneBelow(
    step: Step,
    rest: Step[],
    part: Record<string, unknown>,
    whyNot: (plain: Record<string, unknown>) => string | null,
  ): string | null {
    const below: unknown[] = [];
    if (allows(part, 'array') && (step === null || step.index >= 0)) below.push(...elementsOf(part, step?.index ?? null));
    if (allows(part, 'object') && step !== null) below.push(memberOf(part, step.key));
    const reasons = below.map((schema) => this.#within(() => this.#whyNoValue(rest, schema, whyNot)));
    return reasons.every((reason) => reason !== null) ? (reasons[0] ?? 'does not exist') : null;
  }

  #left = 2_000;

  /** Null when too much was looked at: schemas can refer to themselves. */
  #within<T>(look: () => T): T | null {
    return --this.#left < 0 ? null : look();
  }

  /** False only if every allowed value has these steps. */
  #mayBeAbsent(steps: Step[], schema: unknown): boolean {
    const [step, ...rest] = steps;
    if (step === undefined) return false;
    if (step === null) return true;
    const plain = partsOf(schema, this.#root).plain ?? [];
    const isObject = plain.some(({ type }) => [type].flat().every((one) => one === 'object'));
    const isRequired = plain.some(({ required }) => Array.isArray(required) && required.includes(step.key));
    if (!isObject || !isRequired) return true;
    if (rest.length === 0) return false;
    return plain.every(({ properties }) => {
      const below = isJsonObject(properties) && Object.hasOwn(properties, step.key) ? properties[step.key] : true;
      return this.#mayBeAbsent(rest, below);
    });
  }
}

/** `$ne` and `$nin` as the opposite of `$eq` and `$in`, with whether these have to hold. */
function positiveOf(operator: Comparison, wanted: boolean): [Comparison, boolean] {
  if (operator === '$ne') return ['$eq', !wanted];
  return operator === '$nin' ? ['$in', !wanted] : [operator, wanted];
}
