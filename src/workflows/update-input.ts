// Validators of Updates. Malformed input is rejected with the reason, before it enters the history.
import { ApplicationFailure } from '@temporalio/workflow';
import { paceLimits } from '#contract/workflow-contract';

/** Returns what is wrong with a value; null: nothing. */
type Rule = (value: unknown) => string | null;

const matching =
  (pattern: RegExp, problem: string): Rule =>
  (value) =>
    typeof value === 'string' && pattern.test(value) ? null : problem;

const text = matching(/^[\x20-\x7e]{1,200}$/, 'must be a text of 1 to 200 visible ASCII characters');
const pace: Rule = (value) =>
  typeof value === 'number' && value >= paceLimits.slowest && value <= paceLimits.fastest
    ? null
    : `must be a number from ${paceLimits.slowest} to ${paceLimits.fastest}`;
const rules = {
  deliveryId: matching(/^dlv_[0-9a-f]{32}$/, 'must be the id of a delivery: dlv_ and 32 hex digits'),
  endpointId: matching(/^ep_[0-9a-f]{32}$/, 'must be the id of an endpoint: ep_ and 32 hex digits'),
  orderingKey: text,
  replayId: text,
  reason: text,
  perSecond: pace,
} satisfies Record<string, Rule>;
type Field = keyof typeof rules;

/** A validator for an object with these fields. Without a required field, the input may be left out. */
export function inputOf({ required = [], optional = [] }: { required?: Field[]; optional?: Field[] }): (input?: unknown) => void {
  const known: string[] = [...required, ...optional];
  return (input) => {
    if (input === undefined || input === null) {
      if (required.length > 0) throw invalid(`the input is missing; it needs ${required.join(', ')}`);
      return;
    }
    if (typeof input !== 'object' || Array.isArray(input)) throw invalid('the input must be a JSON object');
    const missing = required.find((field) => !Object.hasOwn(input, field));
    if (missing) throw invalid(`${missing} is missing`);
    for (const [field, value] of Object.entries(input)) {
      const problem = known.includes(field) ? rules[field as Field](value) : `unknown field; known are: ${known.join(', ')}`;
      if (problem) throw invalid(`${field}: ${problem}`);
    }
  };
}

/** Of an input that the validator has let through. */
export function paceOf(input: unknown): number {
  return (input as { perSecond: number }).perSecond;
}

function invalid(message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, 'InvalidInput');
}
