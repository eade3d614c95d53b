// Runs a source of `posthorn ingest` inside the test process, with its log.
import { readIngestConfig } from '#config/ingest';
import { sources } from '#ingest/sources';
import { createLogger } from '#runtime/logger';

export interface RunningIngest {
  /** The lines of its log with this message. */
  logged(message: string): Record<string, unknown>[];
  /** Resolves when nothing is in flight. */
  stop(): Promise<void>;
}

export function runIngest(source: 'outbox' | 'kafka' | 'amqp', env: Record<string, string>): RunningIngest {
  const { needed, work } = sources[source];
  const lines: string[] = [];
  const log = createLogger('debug', { write: (line) => void lines.push(line) });
  const stop = new AbortController();
  const working = work(readIngestConfig(needed, env), stop.signal, log);
  return {
    logged: (message) => lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === message),
    async stop() {
      stop.abort();
      await working;
    },
  };
}
