// The log: one JSON line per happening, the same field names everywhere, secrets never.
import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';

export type Logger = PinoLogger;

/** What is said of an error: never what libraries hang on theirs, such as a whole database client, or a row that could not be stored. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { name, stack, cause } = error;
  const { code } = error as { code?: unknown };
  const message = quotesData(error) ? 'its message is withheld: it quotes data' : error.message;
  return { type: name, message, stack: placesOf(stack), code, cause: cause === undefined ? undefined : describeError(cause) };
}

/** PostgreSQL quotes a value that does not fit its type (class 22), and a JSON parser the text it stumbled over. */
function quotesData(error: Error): boolean {
  const { code, severity } = error as { code?: unknown; severity?: unknown };
  return error.name === 'SyntaxError' || (severity !== undefined && typeof code === 'string' && code.startsWith('22'));
}

/** A stack begins with the message, which is said apart. */
function placesOf(stack: string | undefined): string | undefined {
  return stack
    ?.split('\n')
    .filter((line) => /^ +at /.test(line))
    .join('\n');
}

// names at the top of a line cost nothing; each that is looked for one level down costs a microsecond of every line
const never = ['secret', 'secrets', 'headers', 'authorization', 'auth', 'token', 'password', 'body', 'data', 'url', 'sealed'];

/** Logs to standard error, or to `destination`. */
export function createLogger(level: string, destination: DestinationStream = pino.destination(2)): Logger {
  return pino(
    {
      level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      // Temporal's SDK says `error`
      serializers: { err: describeError, error: describeError },
      redact: [...never, '*.secret', '*.headers'],
    },
    destination,
  );
}
