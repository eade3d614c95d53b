// The log: one JSON line per happening, the same field names everywhere, secrets never.
import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';

export type Logger = PinoLogger;

/** Logs to standard error, or to `destination`. */
export function createLogger(level: string, destination: DestinationStream = pino.destination(2)): Logger {
  return pino(
    { level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime, redact: ['secret', '*.secret', 'headers', '*.headers'] },
    destination,
  );
}
