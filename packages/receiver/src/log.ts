// The log: one line for each receipt and each rejection, and one for each end of the work. Never a body or a secret.

type Write = (fields: Record<string, unknown>, message: string) => void;

/** A logger of `pino`, Fastify's `log`, or anything else with these functions. */
export interface Log {
  info: Write;
  warn: Write;
  error: Write;
}

function write(level: string): Write {
  // biome-ignore lint/suspicious/noConsole: the default, where the receiver has no logger
  return (fields, msg) => console.log(JSON.stringify({ level, time: new Date().toISOString(), msg, ...fields }));
}

/** JSON lines on the standard output. */
export const jsonLog: Log = { info: write('info'), warn: write('warn'), error: write('error') };

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
