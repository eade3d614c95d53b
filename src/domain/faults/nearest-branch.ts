// Which branch of a union somebody meant whose value fits none of them.

interface BranchIssue {
  code?: string | undefined;
  path: readonly PropertyKey[];
  keys?: readonly string[];
}

/** The issues of the branch that knows most of the value's fields; of those that know as many, the one with the fewest issues. */
export function nearestBranch<I extends BranchIssue>(branches: readonly I[][]): I[] | undefined {
  return branches.toSorted((a, b) => unknownFields(a) - unknownFields(b) || a.length - b.length)[0];
}

/** Of the value itself, not of what is within it. */
function unknownFields(issues: readonly BranchIssue[]): number {
  const unrecognized = issues.find(({ code, path }) => code === 'unrecognized_keys' && path.length === 0);
  return unrecognized?.keys?.length ?? 0;
}
