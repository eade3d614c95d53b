// Creates the log: one JSON line for each log event, the same field names everywhere, redacted
// secrets.
import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';

export type Logger = PinoLogger;

/**
 * Picks the fields of an error to log. Libraries attach more, such as a database client or a row that could not be
 * stored.
 */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { name, stack, cause } = error;
  const { code } = error as { code?: unknown };
  const message = quotesData(error) ? 'message withheld because it quotes data' : error.message;
  return { type: name, message, stack: stackFrames(stack), code, cause: cause === undefined ? undefined : describeError(cause) };
}

/**
 * True for errors whose message contains data: PostgreSQL quotes a value that does not fit its type (class 22), a JSON
 * parser its input.
 */
function quotesData(error: Error): boolean {
  const { code, severity } = error as { code?: unknown; severity?: unknown };
  return error.name === 'SyntaxError' || (severity !== undefined && typeof code === 'string' && code.startsWith('22'));
}

/** The stack without its first lines, which repeat the message. */
function stackFrames(stack: string | undefined): string | undefined {
  return stack
    ?.split('\n')
    .filter((line) => /^ +at /.test(line))
    .join('\n');
}

// redacting top-level names costs nothing; each name searched one level deeper costs a microsecond for every line
const redacted = ['secret', 'secrets', 'headers', 'authorization', 'auth', 'token', 'password', 'body', 'data', 'url', 'sealed'];

/** Logs to standard error, or to `destination`. `fields`: for each line. */
export function createLogger(level: string, destination: DestinationStream = pino.destination(2), fields?: () => object): Logger {
  return pino(
    {
      level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      // Temporal's SDK logs errors as `error`
      serializers: { err: describeError, error: describeError },
      redact: [...redacted, '*.secret', '*.headers'],
      ...(fields && { mixin: fields }),
    },
    destination,
  );
}
