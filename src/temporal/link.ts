// The process's connection to Temporal, shared by client and worker, which eager workflow start
// needs. It connects in the background and retries every second. While Temporal is unavailable,
// calls throw TemporalAway; if it refuses to start workflows, those calls throw TemporalRefused.
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, ServiceError, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import { NativeConnection, type NativeConnectionOptions } from '@temporalio/worker';
import type { Config } from '#config/config';
import { usualTimings } from '#domain/timings';
import type { Logger } from '#runtime/logger';

const answersWithinMs = 1_000;

/** No connection, or no answer. */
export class TemporalAway extends Error {
  override name = 'TemporalAway';
}

/** Temporal answered, and did not start or signal the workflow. The message has its own words. */
export class TemporalRefused extends Error {
  override name = 'TemporalRefused';
}

export interface TemporalLink {
  /** Runs a call with a deadline of 5 s. Throws TemporalAway if there is no connection or Temporal is unavailable. */
  call<T>(run: (client: Client) => Promise<T>): Promise<T>;
  /**
   * The same, for a call that starts or signals a workflow. If Temporal answers with a refusal, such as for an expired
   * API key, it throws TemporalRefused. That a workflow is already open, or is not found, is no refusal.
   */
  start<T>(run: (client: Client) => Promise<T>): Promise<T>;
  /** Why Temporal did not answer the last call, or refused the last `start`, in its own words. Null: neither. */
  trouble(): string | null;
  /**
   * Resolves with the first connection; null if the link was closed before. Rejects if a certificate file cannot be
   * read.
   */
  connected: Promise<NativeConnection | null>;
  close(): Promise<void>;
}

export function openTemporalLink(config: Config, log: Logger, { callTimeoutMs, reconnectMs } = usualTimings.temporal): TemporalLink {
  const closing = new AbortController();
  let current: { connection: NativeConnection; client: Client } | undefined;
  let silence: string | null = 'not connected yet';
  let refusal: string | null = null;

  async function connect(): Promise<NativeConnection | null> {
    const options = await connectionOptions(config);
    for (let tries = 0; !closing.signal.aborted; tries++) {
      try {
        const connection = await NativeConnection.connect(options);
        current = { connection, client: new Client({ connection, namespace: config.TEMPORAL_NAMESPACE }) };
        log.info({ address: options.address, namespace: config.TEMPORAL_NAMESPACE }, 'temporal.connected');
        return connection;
      } catch (error) {
        if (tries % 30 === 0) log.warn({ err: error, address: options.address }, 'temporal.away');
        await delay(reconnectMs, undefined, { signal: closing.signal }).catch(() => undefined);
      }
    }
    return null;
  }

  const connected = connect();
  // code that awaits `connected` gets the rejection too; this handler logs it and avoids an unhandled rejection
  connected.catch((error) => log.error({ err: error }, 'temporal.not_configured'));

  async function call<T>(run: (client: Client) => Promise<T>): Promise<T> {
    if (!current) throw new TemporalAway('not connected to Temporal yet');
    const { client, connection } = current;
    try {
      const result = await connection.withDeadline(Date.now() + callTimeoutMs, () => run(client));
      silence = null;
      return result;
    } catch (error) {
      const isAway = isUnavailable(error);
      silence = isAway ? wordsOf(error) : null;
      throw isAway ? new TemporalAway('Temporal does not answer', { cause: error }) : error;
    }
  }

  return {
    connected,
    call,
    async start(run) {
      try {
        const result = await call(run);
        refusal = null;
        return result;
      } catch (error) {
        if (error instanceof TemporalAway) throw error;
        refusal = isAnswer(error) ? null : wordsOf(error);
        throw refusal === null ? error : new TemporalRefused(refusal, { cause: error });
      }
    },
    trouble: () => silence ?? refusal,
    async close() {
      closing.abort();
      await connected.catch(() => null);
      await current?.connection.close();
      current = undefined;
    },
  };
}

/** The error of a `start` that says that Temporal works. */
const isAnswer = (error: unknown) => error instanceof WorkflowExecutionAlreadyStartedError || error instanceof WorkflowNotFoundError;

/**
 * What is wrong with Temporal, in its own words where it answered; null: nothing. Calls it and waits at most one second
 * for the answer. Never rejects.
 */
export async function temporalTrouble({ call, trouble }: Pick<TemporalLink, 'call' | 'trouble'>): Promise<string | null> {
  const asked = call((client) => client.connection.workflowService.getSystemInfo({})).then(trouble, wordsOf);
  const late = `no answer within ${answersWithinMs} ms`;
  return Promise.race([asked, new Promise<string>((resolve) => setTimeout(resolve, answersWithinMs, late).unref())]);
}

/** Temporal's message and gRPC status, such as `PERMISSION_DENIED: Request unauthorized`. */
function wordsOf(error: unknown): string {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const { code, details } = at as { code?: unknown; details?: unknown };
    if (typeof code === 'number') return `${status[code] ?? code}: ${details || at.message}`;
  }
  return error instanceof Error ? error.message : String(error);
}

async function connectionOptions(config: Config): Promise<NativeConnectionOptions> {
  const file = (path: string | undefined) => (path === undefined ? undefined : readFile(path));
  const [ca, crt, key] = await Promise.all([file(config.TEMPORAL_TLS_CA), file(config.TEMPORAL_TLS_CERT), file(config.TEMPORAL_TLS_KEY)]);
  const serverName = config.TEMPORAL_TLS_SERVER_NAME;
  const implied = Boolean(ca || crt || serverName || config.TEMPORAL_API_KEY);
  const tls = (config.TEMPORAL_TLS === undefined ? implied : config.TEMPORAL_TLS === 'true') && {
    ...(ca && { serverRootCACertificate: ca }),
    ...(crt && key && { clientCertPair: { crt, key } }),
    ...(serverName && { serverNameOverride: serverName }),
  };
  return { address: config.TEMPORAL_ADDRESS ?? '127.0.0.1:7233', tls, ...(config.TEMPORAL_API_KEY && { apiKey: config.TEMPORAL_API_KEY }) };
}

/** The gRPC status codes. */
const status = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];
const unavailableCodes = new Set(['CANCELLED', 'DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED', 'UNAVAILABLE']);

/** Whether the call may not have reached Temporal, so that it must be repeated. */
function isUnavailable(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const code = (at as { code?: unknown }).code;
    if (typeof code === 'number') return unavailableCodes.has(status[code] ?? '');
    if (at.name === 'TransportError' || at.name === 'IllegalStateError') return true;
  }
  return error instanceof ServiceError && error.cause === undefined;
}
