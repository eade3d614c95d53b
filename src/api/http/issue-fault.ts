// Code and facts of a zod issue: what is wrong with a field, for programs. The messages of our own rules carry theirs.
import type { z } from 'zod';
import type { Fault } from '#domain/faults/fault';

type Issue = z.core.$ZodIssue;

/** Null: its message is one of ours, or says it alone. */
export function faultOfIssue(issue: Issue): Fault | null {
  switch (issue.code) {
    case 'invalid_type':
      return { code: 'wrong_type', facts: { expected: issue.expected } };
    case 'too_small':
      return tooSmall(issue);
    case 'too_big':
      return { code: tooBig[issue.origin] ?? 'too_large', facts: { most: String(issue.maximum) } };
    case 'invalid_value':
      return { code: 'not_one_of', facts: { values: issue.values.map(String).join(', ') } };
    case 'invalid_format':
      if (issue.format === 'email') return { code: 'not_email', facts: {} };
      return issue.format === 'datetime' ? { code: 'not_a_time', facts: {} } : null;
    default:
      return null;
  }
}

const tooBig: Partial<Record<string, Fault['code']>> = { string: 'too_long', array: 'too_many' };

function tooSmall({ origin, minimum }: z.core.$ZodIssueTooSmall): Fault {
  const facts = { least: String(minimum) };
  if (origin === 'array') return { code: 'too_few', facts };
  if (origin !== 'string') return { code: 'too_small', facts };
  return Number(minimum) === 1 ? { code: 'empty', facts: {} } : { code: 'too_short', facts };
}
