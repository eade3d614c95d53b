// A receiver: decides about a request in the order in which it costs least, stores its events, and answers. The handlers
// of frameworks (handlers/) give it requests; its worker handles what was stored.
import { isIn, type Range, rangesFrom } from './addresses.ts';
import { Rejection, tooLarge } from './errors.ts';
import { itemsOf, type KeyOf } from './events.ts';
import type { PostgresClient } from './inbox/postgres.ts';
import type { DeadLetters, Gap, OpenInbox } from './inbox/store.ts';
import { jsonLog, type Log, messageOf } from './log.ts';
import { defaults, type ReceiverOptions } from './options.ts';
import { rateLimiter } from './rate-limit.ts';
import { answer, available, type ReceivedRequest, type ReceiverAnswer, rejectionOf } from './rejection.ts';
import { type Handler, routes } from './routes.ts';
import { ParsedBodyError } from './verify/errors.ts';
import { findHeader, type HeadersLike } from './verify/headers.ts';
import type { RawBody, SecretsGiven, VerifiedWebhook, VerifyOptions } from './verify/verification.ts';

export interface Receiver<Events, Tx = PostgresClient> {
  /** The handler of an event type, of a prefix (`order.*`), or of all others (`*`). */
  on<Type extends keyof Events & string>(type: Type, handler: Handler<Type, Events[Type], Tx>): Receiver<Events, Tx>;
  on(pattern: `${string}.*` | '*', handler: Handler<string, unknown, Tx>): Receiver<Events, Tx>;
  /** Begins to handle what is in the inbox, also what an earlier process has left there. */
  start(): Promise<Receiver<Events, Tx>>;
  /**
   * Waits for the handlers that run, at most `timeoutMs` (10 s). After nine tenths of it their `signal` aborts, and their events
   * are released: they are handled again later, and the attempt does not count.
   */
  stop(options?: { timeoutMs?: number }): Promise<void>;
  /** Instead of `start`: handles what is due now. For a cron job, or `waitUntil` of a worker platform. */
  drain(): Promise<number>;
  /** Decides about a request. For frameworks without a handler here. */
  receive(request: ReceivedRequest): Promise<ReceiverAnswer>;
  readonly deadLetters: DeadLetters;
  /** Sequence numbers that are missing now. */
  gaps(): Promise<Gap[]>;
}

export type Verify = (
  rawBody: RawBody,
  headers: HeadersLike,
  secrets: SecretsGiven,
  options: VerifyOptions,
) => VerifiedWebhook | Promise<VerifiedWebhook>;

/** Makes `createReceiver` of an entry, with its cryptography. */
export function receiverWith(verify: Verify) {
  // biome-ignore lint/suspicious/noExplicitAny: without types of events, their data is not checked
  return function createReceiver<Events extends object = Record<string, any>, Tx = PostgresClient>(
    options: ReceiverOptions<Tx>,
  ): Receiver<Events, Tx> {
    return new RunningReceiver<Events, Tx>(verify, options);
  };
}

class RunningReceiver<Events extends object, Tx> implements Receiver<Events, Tx> {
  readonly #verify: Verify;
  readonly #options;
  readonly #log: Log;
  readonly #routes = routes<Tx>();
  readonly #inbox: OpenInbox;
  readonly #ranges: (() => Promise<readonly Range[]>) | undefined;
  readonly #take: ((address: string, nowMs: number) => number) | undefined;
  readonly #keyOf: KeyOf;

  constructor(verify: Verify, options: ReceiverOptions<Tx>) {
    this.#verify = verify;
    this.#options = { ...defaults, ...options };
    this.#log = options.log ?? jsonLog;
    const { allowFrom, rateLimit, order } = options;
    if (allowFrom) this.#ranges = rangesFrom(allowFrom);
    if (rateLimit) this.#take = rateLimiter(rateLimit);
    this.#keyOf = order === false ? () => null : (order?.key ?? (() => 'endpoint'));
    if (options.secrets === undefined || (Array.isArray(options.secrets) && options.secrets.length === 0))
      throw new TypeError('secrets: give the whsec_… of the endpoint, or its whpk_… or JWK set');
    if (typeof options.inbox?.open !== 'function')
      throw new TypeError(
        'inbox: give postgresInbox(pool), redisInbox(client) or memoryInbox() of @posthorn/receiver/postgres, …/redis, …/memory',
      );
    this.#inbox = options.inbox.open(this.#routes.find, this.#log, options);
  }

  on(pattern: string, handler: Handler<never, never, Tx>): Receiver<Events, Tx> {
    this.#routes.add(pattern, handler as Handler<string, unknown, Tx>);
    return this;
  }

  async start(): Promise<Receiver<Events, Tx>> {
    await this.#inbox.start();
    return this;
  }

  stop({ timeoutMs = 10_000 } = {}): Promise<void> {
    return this.#inbox.stop(timeoutMs);
  }

  drain(): Promise<number> {
    return this.#inbox.drain();
  }

  get deadLetters(): DeadLetters {
    return this.#inbox.deadLetters;
  }

  gaps(): Promise<Gap[]> {
    return this.#inbox.gaps();
  }

  async receive(request: ReceivedRequest): Promise<ReceiverAnswer> {
    const began = performance.now();
    const { headers } = request;
    const fields: Record<string, unknown> = {};
    for (const [name, header] of Object.entries(logged)) fields[name] = findHeader(headers, header)?.toString().slice(0, 200);
    try {
      const done = await this.#accept(request, fields);
      this.#log.info({ ...fields, ms: Math.round(performance.now() - began) }, 'webhook.received');
      return done;
    } catch (error) {
      const { status, reason, message, retryAfter } = rejectionOf(error);
      const level = status >= 500 ? 'error' : 'warn';
      this.#log[level]({ ...fields, status, reason, detail: message }, 'webhook.rejected');
      // what failed inside is for the log; what to change in the program is for everyone who looks
      const shown = status >= 500 && reason !== 'parsed_body' ? 'The receiver cannot take webhooks now.' : message;
      return answer(status, { error: reason, message: shown }, retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) });
    }
  }

  /** Cheap checks first: nobody without the secret may cost more than they do. */
  async #accept({ method, headers, address, body }: ReceivedRequest, fields: Record<string, unknown>): Promise<ReceiverAnswer> {
    if (method !== 'POST') throw new Rejection(405, 'method', 'webhooks are sent with POST');
    const from = this.#sourceOf(headers, address);
    fields.from = from;
    if (this.#ranges && !isIn(from, await available('allow_list_unavailable', this.#ranges())))
      throw new Rejection(403, 'address_not_allowed', `requests from ${from || 'an unknown address'} are not allowed`);
    const wait = this.#take?.(from, Date.now()) ?? 0;
    if (wait > 0) throw new Rejection(429, 'rate_limit', 'too many requests from this address', wait);
    const raw = await body(this.#options.maxBodyBytes).catch((error) => {
      throw error instanceof Rejection || error instanceof ParsedBodyError
        ? error
        : new Rejection(400, 'body_incomplete', messageOf(error));
    });
    if (raw.length > this.#options.maxBodyBytes) throw tooLarge(this.#options.maxBodyBytes);
    fields.bytes = raw.length;
    const { secrets, scheme, tolerance } = this.#options;
    const given = typeof secrets === 'function' ? await available('secrets_unavailable', Promise.resolve().then(secrets)) : secrets;
    const verified = await this.#verify(raw, headers, given, { scheme, tolerance });
    return (await this.#challenge(raw, headers, fields)) ?? this.#store(verified, raw, headers, fields);
  }

  async #store({ id }: VerifiedWebhook, raw: Uint8Array, headers: HeadersLike, fields: Record<string, unknown>): Promise<ReceiverAnswer> {
    const items = itemsOf(id, headers, raw, this.#keyOf);
    const results = await available('inbox_unavailable', this.#inbox.accept(items));
    const count = (which: string) => results.filter((result) => result === which).length;
    const counts = { accepted: count('new'), duplicates: count('duplicate'), revived: count('revived') };
    Object.assign(fields, { type: items.length === 1 ? items[0]?.type : undefined, ...counts });
    // so that a conformance run sees it
    const receipt = counts.accepted > 0 ? 'new' : counts.revived > 0 ? 'replay' : 'duplicate';
    return answer(202, counts, { 'posthorn-receipt': receipt });
  }

  /** Posthorn's question whether this endpoint wants webhooks (`verification: "echo"`). */
  async #challenge(raw: Uint8Array, headers: HeadersLike, fields: Record<string, unknown>): Promise<ReceiverAnswer | undefined> {
    if (findHeader(headers, 'posthorn-delivery') || findHeader(headers, 'posthorn-batch') || raw.length > 2_000) return undefined;
    try {
      const { type, data } = JSON.parse(new TextDecoder().decode(raw));
      if (type !== 'posthorn.verification' || typeof data?.challenge !== 'string') return undefined;
      fields.type = type;
      return answer(200, { challenge: data.challenge });
    } catch {
      return undefined;
    }
  }

  /** The address that the outermost trusted proxy saw. */
  #sourceOf(headers: HeadersLike, address: string | undefined): string {
    const { trustedProxies } = this.#options;
    if (trustedProxies === 0) return address ?? '';
    const hops = String(findHeader(headers, 'x-forwarded-for') ?? '').split(',');
    return hops.at(-trustedProxies)?.trim() ?? '';
  }
}

/** Headers in each line of the log, and their names there. */
const logged = { id: 'webhook-id', delivery: 'posthorn-delivery', deliveryAttempt: 'posthorn-attempt', replay: 'posthorn-replay' };
