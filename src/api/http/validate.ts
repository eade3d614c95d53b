// Validates a request with a zod schema, and turns issues into `{ path: 'events[7].type', message
// }`.
import type { z } from 'zod';
import { faultText, readFault } from '#domain/faults/fault';
import { nearestBranch } from '#domain/faults/nearest-branch';
import { faultOfIssue } from './issue-fault.ts';
import { type FieldError, invalid } from './problem.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

const mostErrors = 100;
const longestPath = 200;

/** The parsed value. Throws a 422 that names every invalid field, at most 100. */
export function validate<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  throw invalid(fieldErrors(read.error.issues).slice(0, mostErrors));
}

function fieldErrors(issues: readonly Issue[], base: Path = []): FieldError[] {
  const first = issues.slice(0, mostErrors);
  const plain = first.filter(({ code }) => code !== 'custom');
  // a custom rule about an object is reported only if zod finds no other issue in the object
  const relevant = first.filter((issue) => issue.code !== 'custom' || !plain.some(({ path }) => startsWith(path, issue.path)));
  return relevant.flatMap((issue) => errorsOf(issue, [...base, ...issue.path]));
}

function startsWith(path: Path, start: Path): boolean {
  return start.every((part, index) => path[index] === part);
}

function errorsOf(issue: Issue, path: Path): FieldError[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, mostErrors).map((key) => ({ path: pathText([...path, key]), message: faultText('unknown_field') }));
  }
  if (issue.code === 'invalid_union') {
    const nearest = nearestBranch(issue.errors);
    if (nearest && nearest.length > 0) return fieldErrors(nearest, path);
  }
  if (issue.code === 'invalid_key') return [{ path: pathText(path), message: issue.issues[0]?.message ?? issue.message }];
  if (issue.message.endsWith('received undefined')) return [{ path: pathText(path), message: faultText('missing') }];
  // a rule of zod may have a message of ours, which says more
  const fault = readFault(issue.message) ?? faultOfIssue(issue);
  return [{ path: pathText(path), message: issue.message, ...fault }];
}

export function pathText(path: Path): string {
  const text = path.map(partText).join('');
  return (text.startsWith('.') ? text.slice(1) : text).slice(0, longestPath);
}

/** A key with a dot is quoted: `filter["data.amount"].$gte`. */
function partText(part: PropertyKey): string {
  if (typeof part === 'number') return `[${part}]`;
  const key = String(part);
  return key.includes('.') ? `[${JSON.stringify(key)}]` : `.${key}`;
}
