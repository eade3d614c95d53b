// The issues that zod finds in a document, as faults with JSON pointers.
import type { z } from 'zod';
import { nearestBranch } from '../faults/nearest-branch.ts';
import { pointerPart } from '../schemas/schema-walk.ts';
import type { DocumentFault } from './catalogue-type.ts';

const mostFaults = 100;

export function issueFaults(issues: readonly z.core.$ZodIssue[], base: readonly PropertyKey[] = []): DocumentFault[] {
  return issues.slice(0, mostFaults).flatMap((issue) => faultsOf(issue, [...base, ...issue.path]));
}

function faultsOf(issue: z.core.$ZodIssue, path: readonly PropertyKey[]): DocumentFault[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ pointer: pointerOf([...path, key]), message: 'unknown field' }));
  if (issue.code === 'invalid_union') {
    const nearest = nearestBranch(issue.errors);
    if (nearest && nearest.length > 0) return issueFaults(nearest, path);
  }
  const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
  return [{ pointer: pointerOf(path), message: message.endsWith('received undefined') ? 'is missing' : message }];
}

const pointerOf = (path: readonly PropertyKey[]) => path.map((part) => `/${pointerPart(String(part))}`).join('');
