// The process's connection to Temporal, shared by client and worker, which eager workflow start
// needs. It connects in the background and retries every second. While Temporal is unavailable,
// calls throw TemporalAway.
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, ServiceError } from '@temporalio/client';
import { NativeConnection, type NativeConnectionOptions } from '@temporalio/worker';
import type { Config } from '#config/config';
import { usualTimings } from '#domain/timings';
import type { Logger } from '#runtime/logger';

const answersWithinMs = 1_000;

export class TemporalAway extends Error {
  override name = 'TemporalAway';
}

export interface TemporalLink {
  /** Runs a call with a deadline of 5 s. Throws TemporalAway if there is no connection or Temporal is unavailable. */
  call<T>(run: (client: Client) => Promise<T>): Promise<T>;
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

  return {
    connected,
    async call(run) {
      if (!current) throw new TemporalAway('not connected to Temporal yet');
      const { client, connection } = current;
      try {
        return await connection.withDeadline(Date.now() + callTimeoutMs, () => run(client));
      } catch (error) {
        throw isUnavailable(error) ? new TemporalAway('Temporal does not answer', { cause: error }) : error;
      }
    },
    async close() {
      closing.abort();
      await connected.catch(() => null);
      await current?.connection.close();
      current = undefined;
    },
  };
}

/** Calls Temporal and waits at most one second for the answer. Never rejects. */
export async function isTemporalAway({ call }: Pick<TemporalLink, 'call'>): Promise<boolean> {
  const asked = call((client) => client.connection.workflowService.getSystemInfo({})).then(
    () => false,
    () => true,
  );
  return Promise.race([asked, new Promise<boolean>((resolve) => setTimeout(resolve, answersWithinMs, true).unref())]);
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

const unavailableCodes = new Set([1, 4, 8, 14]); // gRPC: cancelled, deadline exceeded, resource exhausted, unavailable

/** Whether the call may not have reached Temporal, so that it must be repeated. */
function isUnavailable(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const code = (at as { code?: unknown }).code;
    if (typeof code === 'number') return unavailableCodes.has(code);
    if (at.name === 'TransportError' || at.name === 'IllegalStateError') return true;
  }
  return error instanceof ServiceError && error.cause === undefined;
}
