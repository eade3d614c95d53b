// The request layer: one request to Posthorn with its timeout, retries, Idempotency-Key and errors. Needs only `fetch`.
import { type Query, queryText } from './address.ts';
import { type Answered, begunAnswer, type Exchange, type Fetch, type Method, type Prepared, wholeAnswer } from './exchange.ts';
import { type Attempted, PosthornConnectionError, PosthornProblem, problemOf } from './problem.ts';
import { isWorthRetrying, pause, type RetryRules, waitMs } from './retries.ts';

export interface PosthornOptions {
  /** Such as `https://hooks.example.com`. A path in front of `/v1` is kept. */
  url: string;
  /** An API key, or the token of a portal link. A function is asked before each try. */
  apiKey: string | (() => string | Promise<string>);
  /** Of each try, in milliseconds. Default: 30,000. */
  timeoutMs?: number;
  /** How many times a request is repeated that was not answered, or with 408, 429 or 5xx. Default: 4. */
  retries?: number;
  /** A `Retry-After` that is longer is not waited for: the problem is thrown. Default: 60,000. */
  maxRetryAfterMs?: number;
  /** Sent with every request. */
  headers?: Record<string, string>;
  /** Default: the global `fetch`. */
  fetch?: Fetch;
  /** Reads the JSON of answers. Default: `JSON.parse`, which rounds integers beyond 2^53. */
  parseJson?: (text: string) => unknown;
  /** Is told before each wait. Must not throw. */
  onRetry?: (error: PosthornProblem | PosthornConnectionError, waitMs: number) => void;
}

/** Options of a single call. */
export interface CallOptions {
  /** Ends the call, its retries included. It rejects with the reason of the signal. */
  signal?: AbortSignal;
  timeoutMs?: number;
  retries?: number;
  maxRetryAfterMs?: number;
  /** Only for POST and PATCH. Default: a new one for each call, the same for all its tries. */
  idempotencyKey?: string;
  /**
   * For `update` and `delete`: what you have read, or its `etag`. If its settings have changed since, nothing is done, and the call
   * rejects with a PosthornProblem that has the status 412. Without it, the last change wins.
   */
  ifMatch?: string | { etag: string };
  headers?: Record<string, string>;
}

export interface RequestSpec {
  query?: Query;
  /** Becomes JSON. */
  body?: unknown;
  /** JSON text, in place of `body`. */
  text?: string;
  /** The request is safe to repeat without an Idempotency-Key, because its events have ids. */
  eventIds?: string[];
  accept?: string;
}

const usual = { timeoutMs: 30_000, retries: 4, maxRetryAfterMs: 60_000 };

export class Requester {
  readonly #options: PosthornOptions;
  readonly #base: string;

  constructor(options: PosthornOptions) {
    if (!/^https?:\/\//i.test(options.url) || !URL.canParse(options.url))
      throw new TypeError('url must begin with https:// or http://, such as https://hooks.example.com');
    const { origin, pathname } = new URL(options.url);
    if (!options.apiKey) throw new TypeError('apiKey is missing');
    this.#options = options;
    this.#base = origin + pathname.replace(/\/+$/, '');
  }

  /** Resolves to the JSON of the answer; undefined: it has none. Rejects with a PosthornProblem or a PosthornConnectionError. */
  async json<T>(method: Method, path: string, spec: RequestSpec = {}, options: CallOptions = {}): Promise<T> {
    const { response, text, attempted } = await this.#repeat(method, path, spec, options, wholeAnswer);
    if (text === '') return undefined as T;
    try {
      return (this.#options.parseJson ?? JSON.parse)(text) as T;
    } catch (cause) {
      const type = response.headers.get('content-type') ?? 'no content-type';
      const what = /\bjson\b/.test(type)
        ? 'The answer is no complete JSON. It may have been cut off.'
        : `The answer is not JSON but ${type}. Is ${this.#base} the address of Posthorn?`;
      throw new PosthornConnectionError(what, attempted, cause);
    }
  }

  /** Resolves to the answer before its body is read. The timeout is over then; `signal` still ends it. */
  async stream(path: string, spec: RequestSpec = {}, options: CallOptions = {}): Promise<Response> {
    return (await this.#repeat('GET', path, spec, options, begunAnswer)).response;
  }

  async #repeat(
    method: Method,
    path: string,
    spec: RequestSpec,
    options: CallOptions,
    send: Exchange,
  ): Promise<Answered & { attempted: Attempted }> {
    const { retries = usual.retries, maxRetryAfterMs = usual.maxRetryAfterMs } = { ...this.#options, ...given(options) };
    const rules = { retries, maxRetryAfterMs };
    const isKeyed = method === 'POST' || method === 'PATCH';
    const key = isKeyed ? (options.idempotencyKey ?? (spec.eventIds ? undefined : crypto.randomUUID())) : undefined;
    let isUnknown = false;
    for (let tries = 1; ; tries++) {
      const { eventIds } = spec;
      const attempted = { method, path, tries, ...(key !== undefined && { idempotencyKey: key }), ...(eventIds && { eventIds }) };
      const prepared = await this.#prepare(method, path, spec, options, key);
      const result = await this.#try(prepared, attempted, send);
      if (!(result instanceof Error)) return { ...result, attempted };
      // an earlier try has deleted it
      if (method === 'DELETE' && isUnknown && result instanceof PosthornProblem && result.status === 404)
        return { response: new Response(null, { status: 204 }), text: '', attempted };
      isUnknown ||= result.isUnconfirmed;
      await this.#waitOrThrow(result, rules, options.signal);
    }
  }

  async #try(prepared: Prepared, attempted: Attempted, send: Exchange): Promise<Answered | PosthornProblem | PosthornConnectionError> {
    try {
      const { response, text } = await send(prepared);
      return response.ok ? { response, text } : problemOf(response, text, attempted);
    } catch (cause) {
      if (prepared.signal?.aborted) throw prepared.signal.reason;
      const why = cause instanceof Error ? reasonOf(cause) : String(cause);
      return new PosthornConnectionError(`${attempted.method} ${prepared.url} was not answered: ${why}`, attempted, cause);
    }
  }

  async #waitOrThrow(error: PosthornProblem | PosthornConnectionError, rules: RetryRules, signal: AbortSignal | undefined): Promise<void> {
    const { tries } = error.attempted;
    const retryAfterMs = error instanceof PosthornProblem ? error.retryAfterMs : null;
    const worth = !(error instanceof PosthornProblem) || isWorthRetrying(error.status, retryAfterMs);
    if (!worth || tries > rules.retries || (retryAfterMs ?? 0) > rules.maxRetryAfterMs) throw error;
    const ms = waitMs(tries, retryAfterMs, Math.random());
    this.#options.onRetry?.(error, ms);
    await pause(ms, signal);
  }

  async #prepare(method: Method, path: string, spec: RequestSpec, options: CallOptions, key: string | undefined): Promise<Prepared> {
    const { apiKey, timeoutMs = usual.timeoutMs } = this.#options;
    const { ifMatch } = options;
    const body = spec.text ?? (spec.body === undefined ? null : JSON.stringify(spec.body));
    options.signal?.throwIfAborted();
    return {
      url: `${this.#base}${path}${queryText(spec.query ?? {})}`,
      method,
      body,
      headers: {
        accept: spec.accept ?? 'application/json',
        'user-agent': 'posthorn-client',
        ...this.#options.headers,
        ...options.headers,
        authorization: `Bearer ${typeof apiKey === 'function' ? await apiKey() : apiKey}`,
        ...(body !== null && { 'content-type': 'application/json' }),
        ...(key !== undefined && { 'idempotency-key': key }),
        ...(ifMatch !== undefined && { 'if-match': typeof ifMatch === 'string' ? ifMatch : ifMatch.etag }),
      },
      timeoutMs: options.timeoutMs ?? timeoutMs,
      signal: options.signal,
      fetch: this.#options.fetch,
    };
  }
}

function given<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** `fetch failed` alone says nothing. */
function reasonOf({ message, cause }: Error): string {
  const inner = cause as { code?: unknown; message?: unknown } | undefined;
  const more = inner?.code ?? inner?.message;
  return more === undefined ? message : `${message} (${more})`;
}
