// The exit codes of the `posthorn` command (docs/cli.md), and the errors that decide them.

export const exitCodes = { done: 0, failed: 1, wrongUsage: 2, notReachable: 3, notAuthorised: 4 } as const;

/** The arguments are wrong: exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** There is no key: exit code 4. */
export class NotAuthorised extends Error {
  override name = 'NotAuthorised';
}

/** The API refused or could not do it, or a check failed: exit code 1. */
export class CommandFailed extends Error {
  override name = 'CommandFailed';
}
