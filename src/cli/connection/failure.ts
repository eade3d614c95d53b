// What a failed command prints, and its exit code (docs/cli.md).
import { PosthornConnectionError, PosthornProblem } from '#client';
import { ConfigError } from '#config/config';
import { exitCodes, NotAuthorised, UsageError } from '../terminal/exit-codes.ts';
import { inert } from '../terminal/visible.ts';

export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError || error instanceof ConfigError) return exitCodes.wrongUsage;
  if (error instanceof PosthornConnectionError) return exitCodes.notReachable;
  if (error instanceof NotAuthorised || (error instanceof PosthornProblem && [401, 403].includes(error.status)))
    return exitCodes.notAuthorised;
  return exitCodes.failed;
}

/** For people. */
export function failureText(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof PosthornConnectionError)
    return `${message}\nCheck that Posthorn runs there, and the URL of the profile or POSTHORN_URL.`;
  if (!(error instanceof PosthornProblem)) return message;
  const fields = error.errors.map(({ path, message: fault }) => `  ${inert(path || 'body')}: ${inert(fault)}`);
  const advice = error.status === 401 ? ['Log in with `posthorn login`, or set POSTHORN_API_KEY.'] : [];
  return [`${inert(message)} (${error.status})`, ...fields, ...advice].join('\n');
}

/** For programs. */
export function failureDocument(error: unknown): object {
  if (!(error instanceof PosthornProblem)) return { title: 'error', detail: error instanceof Error ? error.message : String(error) };
  const { status, title, detail, errors, requestId } = error;
  return { title, status, detail, errors, requestId };
}
