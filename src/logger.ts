// The log: one JSON line per happening, the same field names everywhere, secrets never.
import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';

export type Logger = PinoLogger;

/** What is said of an error: never what libraries hang on theirs, such as a whole database client, or a row that could not be stored. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message, stack, cause } = error;
  const { code } = error as { code?: unknown };
  return { type: name, message, stack, code, cause: cause === undefined ? undefined : describeError(cause) };
}

/** Logs to standard error, or to `destination`. */
export function createLogger(level: string, destination: DestinationStream = pino.destination(2)): Logger {
  return pino(
    {
      level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: describeError },
      redact: ['secret', '*.secret', 'headers', '*.headers'],
    },
    destination,
  );
}
