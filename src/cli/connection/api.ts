// Calls the HTTP API with the key of the session, through the client package. Numbers stay as they are written.
import { type CallOptions, type Method, Posthorn, readEvents, type ServerSentEvent } from '#client';
import { parseAsWritten } from '#domain/json-numbers';
import { NotAuthorised } from '../terminal/exit-codes.ts';
import type { Conditional } from './given.ts';

type Query = Record<string, string | number | boolean | readonly string[] | undefined>;

/** Somebody waits for it. */
const retries = 2;
const pageSize = 250;

export class Api {
  readonly url: string;
  readonly #key: string | undefined;
  readonly #userAgent: string;

  constructor(url: string, key: string | undefined, userAgent: string) {
    this.url = url;
    this.#key = key;
    this.#userAgent = userAgent;
  }

  get<T>(path: string, query: Query = {}): Promise<T> {
    return this.#request('GET', path, { query });
  }

  /** `timeoutMs`: of each try; 30 s by default. */
  post<T>(path: string, body?: unknown, options: { timeoutMs?: number } = {}): Promise<T> {
    return this.#request('POST', path, { body }, options);
  }

  patch<T>(path: string, body: unknown, { ifMatch }: Conditional = {}): Promise<T> {
    return this.#request('PATCH', path, { body }, ifMatch === undefined ? {} : { ifMatch });
  }

  delete(path: string): Promise<void> {
    return this.#request('DELETE', path, {});
  }

  /** Any request. */
  request(method: 'get' | 'post' | 'patch' | 'delete', path: string, body: unknown): Promise<unknown> {
    return this.#request(method.toUpperCase() as Method, path, { body });
  }

  /** The items of all pages, at most `limit`. Reads a page only when its items are asked for. */
  async *list<T>(path: string, query: Query = {}, limit = Number.POSITIVE_INFINITY): AsyncGenerator<T> {
    let left = limit;
    for (let cursor: string | undefined; left > 0; ) {
      const page = await this.get<{ data: T[]; nextCursor: string | null }>(path, { ...query, limit: Math.min(pageSize, left), cursor });
      yield* page.data.slice(0, left);
      left -= page.data.length;
      if (page.nextCursor === null) return;
      cursor = page.nextCursor;
    }
  }

  /** The events of a stream, until it ends. Throws StreamSilent when nothing has arrived for `silentForMs`. */
  async *events(path: string, signal: AbortSignal, silentForMs: number): AsyncGenerator<ServerSentEvent> {
    const { body } = await this.#client().open(path, { accept: 'text/event-stream' }, { signal, retries: 0, timeoutMs: silentForMs });
    if (body) yield* readEvents(body, silentForMs);
  }

  #request<T>(method: Method, path: string, spec: { query?: Query; body?: unknown }, options: CallOptions = {}): Promise<T> {
    return this.#client().request<T>(method, path, spec, options);
  }

  /** Throws NotAuthorised without a key. */
  #client(): Posthorn {
    if (this.#key === undefined)
      throw new NotAuthorised(`There is no API key for ${this.url}. Log in with \`posthorn login\`, or set POSTHORN_API_KEY.`);
    const headers = { 'user-agent': this.#userAgent };
    return new Posthorn({ url: this.url, apiKey: this.#key, retries, headers, parseJson: parseAsWritten });
  }
}
