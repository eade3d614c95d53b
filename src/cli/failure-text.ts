// What a failed command prints: one sentence for the operator. The stack says only where in the code it failed, so it
// comes with LOG_LEVEL=debug or trace.
import { ConfigError } from '#config/config';
import { isStoreAway } from '#db/store/errors';
import { UnknownSchema } from '#db/store/migrate';
import { StartError } from '#embedded/start-error';
import { NotReachable } from './not-reachable.ts';

/** Their messages say what the operator can do. */
const explained = [ConfigError, StartError, NotReachable, UnknownSchema];

export function failureText(error: unknown, logLevel: string): string {
  if (explained.some((kind) => error instanceof kind)) return messageOf(error);
  const stacks = logLevel === 'debug' || logLevel === 'trace' ? stacksOf(error) : [];
  if (isStoreAway(error)) return [`PostgreSQL is not available: ${messageOf(error)}. Check DATABASE_URL.`, ...stacks].join('\n');
  return stacks.length > 0 ? stacks.join('\n') : `${messageOf(error)} (LOG_LEVEL=debug prints the stack)`;
}

/** Prints it to standard error: with `--json` as one JSON document. */
export function printFailure(error: unknown, logLevel: string): void {
  const detail = failureText(error, logLevel);
  process.stderr.write(`${process.argv.includes('--json') ? JSON.stringify({ title: 'error', detail }) : detail}\n`);
}

/** 3: Temporal or PostgreSQL is not reachable. 1: the command failed for another reason. */
export function exitCodeOf(error: unknown): 1 | 3 {
  return error instanceof NotReachable || isStoreAway(error) ? 3 : 1;
}

/** Node gives the error of a host with several addresses an empty message. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return [...new Set(error.errors.map(messageOf))].join('; ');
  return error instanceof Error && error.message !== '' ? error.message : String(error);
}

/** The stacks of the error and of its causes. Not its other fields: libraries attach whole clients. */
function stacksOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const inner: unknown[] = error instanceof AggregateError ? error.errors : [error.cause];
  return [error.stack ?? error.message, ...inner.flatMap(stacksOf)];
}
