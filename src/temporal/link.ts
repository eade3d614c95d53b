// The process's connection to Temporal, shared by client and worker, which eager workflow start
// needs. It connects in the background and retries every second. While Temporal is unavailable,
// calls throw TemporalAway; if it refuses to start workflows, those calls throw TemporalRefused.
import {
  Client,
  type ClientInterceptors,
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import type { Config } from '#config/config';
import { namesOf, type TemporalNames } from '#contract/workflow-contract';
import { type Timings, usualTimings } from '#domain/timings';
import { orAborted } from '#runtime/aborted';
import type { Logger } from '#runtime/logger';
import { pause } from '#runtime/pause';
import { addressOf, type Credentials, connectionOptions, isSame, readCredentials } from './credentials.ts';
import { AttributesOfNamespace } from './search-attributes.ts';
import { storeHeaderInterceptors } from './store-header.ts';

const answersWithinMs = 1_000;
/** A worker starts the operator once a minute, and sooner after a refusal. Without another, the trouble may be over. */
const refusalCountsForMs = 120_000;

/** No connection, or no answer. */
export class TemporalAway extends Error {
  override name = 'TemporalAway';
}

/** Temporal answered, and did not start or signal the workflow. The message has its own words. */
export class TemporalRefused extends Error {
  override name = 'TemporalRefused';
}

export interface TemporalLink {
  /** Of this Posthorn in its namespace. */
  readonly names: TemporalNames;
  readonly attributes: AttributesOfNamespace;
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
  /** Calls `use` with each later connection, which takes the place of the one before. */
  onReplaced(use: (connection: NativeConnection) => void): void;
  close(): Promise<void>;
}

/** `store`: the id of the PostgreSQL store whose workflows it starts. `interceptors`: of all calls. */
export function openTemporalLink(
  config: Config,
  log: Logger,
  timings = usualTimings.temporal,
  store?: string,
  interceptors: ClientInterceptors = {},
): TemporalLink {
  return new Link(config, log, timings, store, interceptors);
}

class Link implements TemporalLink {
  readonly connected: Promise<NativeConnection | null>;
  readonly names: TemporalNames;
  readonly attributes = new AttributesOfNamespace();
  readonly #config: Config;
  readonly #log: Logger;
  readonly #timings: Timings['temporal'];
  readonly #interceptors: ClientInterceptors;
  readonly #closing = new AbortController();
  readonly #users: ((connection: NativeConnection) => void)[] = [];
  #current: { connection: NativeConnection; client: Client } | undefined;
  #silence: string | null = 'not connected yet';
  #refusal: string | null = null;
  #refusedAt = 0;

  constructor(config: Config, log: Logger, timings: Timings['temporal'], store: string | undefined, interceptors: ClientInterceptors) {
    this.names = namesOf(config.POSTHORN_TASK_QUEUE);
    const ofStore: ClientInterceptors = store === undefined ? {} : storeHeaderInterceptors(store);
    this.#interceptors = { ...ofStore, workflow: [...list(interceptors), ...list(ofStore)] };
    this.#config = config;
    this.#log = log;
    this.#timings = timings;
    this.connected = this.#connect();
    // code that awaits `connected` gets the rejection too; this handler logs it and avoids an unhandled rejection
    this.connected.catch((error) => log.error({ err: error }, 'temporal.not_configured'));
  }

  async call<T>(run: (client: Client) => Promise<T>): Promise<T> {
    if (!this.#current) throw new TemporalAway('not connected to Temporal yet');
    const { client, connection } = this.#current;
    try {
      const result = await connection.withDeadline(Date.now() + this.#timings.callTimeoutMs, () => run(client));
      this.#silence = null;
      return result;
    } catch (error) {
      const isAway = isUnavailable(error);
      this.#silence = isAway ? wordsOf(error) : null;
      throw isAway ? new TemporalAway('Temporal does not answer', { cause: error }) : error;
    }
  }

  async start<T>(run: (client: Client) => Promise<T>): Promise<T> {
    try {
      const result = await this.call(run);
      this.#refusal = null;
      return result;
    } catch (error) {
      if (error instanceof TemporalAway) throw error;
      this.#refusal = isAnswer(error) ? null : wordsOf(error);
      this.#refusedAt = performance.now();
      throw this.#refusal === null ? error : new TemporalRefused(this.#refusal, { cause: error });
    }
  }

  trouble(): string | null {
    const isOld = performance.now() - this.#refusedAt > refusalCountsForMs;
    return this.#silence ?? (isOld ? null : this.#refusal);
  }

  onReplaced(use: (connection: NativeConnection) => void): void {
    this.#users.push(use);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.connected.catch(() => null);
    if (this.#current) await this.#end(this.#current.connection);
    this.#current = undefined;
  }

  /** Fails where a worker that was given up still uses it. */
  async #end(connection: NativeConnection): Promise<void> {
    await connection.close().catch((error) => this.#log.debug({ err: error }, 'temporal.connection_not_closed'));
  }

  /** The first connection. Then it follows changes of the credentials. Null: the link was closed, which waits for no try. */
  async #connect(): Promise<NativeConnection | null> {
    const credentials = await readCredentials(this.#config);
    const { signal } = this.#closing;
    for (let tries = 0; !signal.aborted; tries++) {
      try {
        const connection = await orAborted(this.#open(credentials), signal);
        if (!connection) return null;
        void this.#follow(credentials);
        return connection;
      } catch (error) {
        if (tries % 30 === 0) this.#log.warn({ err: error, address: addressOf(this.#config) }, 'temporal.away');
        await pause(this.#timings.reconnectMs, signal);
      }
    }
    return null;
  }

  async #open(credentials: Credentials): Promise<NativeConnection> {
    const { TEMPORAL_NAMESPACE: namespace } = this.#config;
    const connection = await NativeConnection.connect(connectionOptions(this.#config, credentials));
    if (this.#closing.signal.aborted) {
      await this.#end(connection);
      throw new TemporalAway('the link is closed');
    }
    this.#current = { connection, client: new Client({ connection, namespace, interceptors: this.#interceptors }) };
    this.#log.info({ address: addressOf(this.#config), namespace }, 'temporal.connected');
    return connection;
  }

  /** Reads the files of the credentials repeatedly. A changed API key is used at once, a certificate needs a new connection. */
  async #follow(used: Credentials): Promise<void> {
    const { signal } = this.#closing;
    for (let last = used; !signal.aborted; await pause(this.#timings.credentialsEveryMs, signal)) {
      try {
        const next = await readCredentials(this.#config);
        if (isSame(last, next)) continue;
        if (isSame({ ...last, apiKey: next.apiKey }, next)) await this.#current?.connection.setApiKey(next.apiKey ?? '');
        else await this.#replace(next);
        last = next;
        this.#log.info('temporal.credentials_reloaded');
      } catch (error) {
        // the old ones may still be valid, and the files may be half written
        this.#log.warn({ err: error }, 'temporal.credentials_not_reloaded');
      }
    }
  }

  async #replace(credentials: Credentials): Promise<void> {
    const before = this.#current?.connection;
    const connection = await this.#open(credentials);
    for (const use of this.#users) use(connection);
    await pause(this.#timings.callTimeoutMs, this.#closing.signal); // calls that are under way end on the old one
    if (before) await this.#end(before);
  }
}

const list = ({ workflow }: ClientInterceptors) => (Array.isArray(workflow) ? workflow : []);

/** The error of a `start` that says that Temporal works. */
const isAnswer = (error: unknown) => error instanceof WorkflowExecutionAlreadyStartedError || error instanceof WorkflowNotFoundError;

/**
 * What is wrong with Temporal, in its own words where it answered; null: nothing. Calls it and waits at most one second
 * for the answer. Never rejects.
 */
export async function temporalTrouble(link: Pick<TemporalLink, 'call' | 'trouble'>): Promise<string | null> {
  const asked = link.call((client) => client.connection.workflowService.getSystemInfo({})).then(() => link.trouble(), wordsOf);
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
