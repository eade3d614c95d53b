// The connections of `posthorn listen` to this process: each is a stream of the requests of one endpoint. While there is none,
// this does nothing.
import { randomUUID } from 'node:crypto';
import { recheckCredentials } from '#db/access/recheck-credentials';
import { type Audit, appendAudit } from '#db/audit/audit';
import { answerRequest, takeRequests } from '#db/listeners/listen-requests';
import { holdListener, releaseListener, renewListener } from '#db/listeners/listeners';
import type { Listener } from '#db/store/listener';
import type { Db } from '#db/store/pool';
import type { Caller } from '#domain/access/access';
import type { ListenAnswer, ListenedRequest } from '#domain/endpoints/listen';
import type { Timings } from '#domain/timings';
import type { Logger } from '#runtime/logger';
import type { Vault } from '#sealing/vault';
import { eventText } from '#stream/event-text';
import { openRequest, sealAnswer } from './sealed-messages.ts';

export interface ListenerDeps {
  db: Db;
  notifications: Listener;
  vault: Pick<Vault, 'open' | 'seal'>;
  log: Logger;
  timings: Timings['listen'];
}

/** Requests on one connection that wait for their answer. */
const mostInFlight = 32;

const endReasons = {
  replaced: 'Another `posthorn listen` has taken over this endpoint.',
  deleted: 'The endpoint was deleted.',
  not_valid: 'The API key or portal link is no longer valid.',
  stopping: 'This process stops. Connect again.',
} as const;
type EndReason = keyof typeof endReasons;

export class ListenerStreams {
  readonly #deps: ListenerDeps;
  readonly #streams = new Map<string, Set<ListenerStream>>();
  #stopNotifications: (() => void) | undefined;
  #stopped = false;

  constructor(deps: ListenerDeps) {
    this.#deps = deps;
  }

  /** Resolves when the connection gets the requests of the endpoint. The caller may listen to it. */
  async open(endpointId: string, caller: Caller, audit: Audit): Promise<ListenerStream> {
    await appendAudit(this.#deps.db, audit, { target: { kind: 'endpoint', id: endpointId }, before: null, after: null });
    const stream = new ListenerStream(this.#deps, endpointId, caller, () => this.#left(stream));
    this.#streams.set(endpointId, (this.#streams.get(endpointId) ?? new Set()).add(stream));
    this.#stopNotifications ??= this.#deps.notifications.on('posthorn_listen', (word) => this.#wake(word));
    try {
      await stream.hold();
    } catch (error) {
      await stream.return();
      throw error;
    }
    if (this.#stopped) stream.end('stopping');
    return stream;
  }

  /** Passes an answer to the process that waits for it. False: none does. */
  answer(endpointId: string, requestId: string, answer: ListenAnswer): Promise<boolean> {
    return answerRequest(this.#deps.db, endpointId, requestId, sealAnswer(this.#deps.vault, requestId, answer));
  }

  /** Ends all streams. */
  stop(): void {
    this.#stopped = true;
    for (const streams of this.#streams.values()) for (const stream of streams) stream.end('stopping');
    this.#stopNotifications?.();
    this.#stopNotifications = undefined;
  }

  /** `word`: an endpoint; empty: any. */
  #wake(word: string): void {
    const woken = word === '' ? this.#streams.values() : [this.#streams.get(word) ?? []];
    for (const streams of woken) for (const stream of streams) stream.wake();
  }

  #left(stream: ListenerStream): void {
    const streams = this.#streams.get(stream.endpointId);
    streams?.delete(stream);
    if (streams?.size === 0) this.#streams.delete(stream.endpointId);
    if (this.#streams.size > 0) return;
    this.#stopNotifications?.();
    this.#stopNotifications = undefined;
  }
}

/**
 * Server-sent events: `ready`, then a `request` for each. It takes the next requests only when the client has read those before,
 * and while few wait for their answer, so that nothing piles up in memory. `return` is called when the client disconnects.
 */
class ListenerStream implements AsyncIterableIterator<string> {
  readonly endpointId: string;
  readonly #deps: ListenerDeps;
  readonly #caller: Caller;
  readonly #left: () => void;
  readonly #session = randomUUID();
  #renewedAt = performance.now();
  #waiting: string[] = [];
  #isDone = false;
  #isWoken = false;
  #wake: () => void = () => undefined;

  constructor(deps: ListenerDeps, endpointId: string, caller: Caller, left: () => void) {
    this.#deps = deps;
    this.endpointId = endpointId;
    this.#caller = caller;
    this.#left = left;
  }

  async hold(): Promise<void> {
    await holdListener(this.#deps.db, this.endpointId, this.#session);
    this.#waiting.push(eventText('ready', JSON.stringify({ endpoint: this.endpointId })));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** There may be requests. */
  wake(): void {
    this.#isWoken = true;
    this.#wake();
  }

  end(reason: EndReason): void {
    if (this.#isDone) return;
    this.#waiting.push(eventText('end', JSON.stringify({ reason, message: endReasons[reason] })));
    void this.return();
  }

  async next(): Promise<IteratorResult<string>> {
    const { renewEveryMs } = this.#deps.timings;
    for (;;) {
      const piece = this.#waiting.shift();
      if (piece !== undefined) return { done: false, value: piece };
      if (this.#isDone) return { done: true, value: undefined };
      if (performance.now() - this.#renewedAt >= renewEveryMs) await this.#renew();
      await this.#look();
      if (this.#waiting.length === 0 && !this.#isDone) await this.#woken(renewEveryMs);
    }
  }

  async return(): Promise<IteratorResult<string>> {
    if (!this.#isDone) {
      this.#isDone = true;
      this.#wake();
      this.#left();
      // if it fails, the listener is taken for lost after a while
      await releaseListener(this.#deps.db, this.endpointId, this.#session).catch(() => undefined);
    }
    return { done: true, value: undefined };
  }

  async #look(): Promise<void> {
    this.#isWoken = false;
    try {
      const taken = await takeRequests(this.#deps.db, this.endpointId, this.#session, mostInFlight);
      for (const { id, sealed, timeoutMs } of taken) {
        const { headers, body } = openRequest(this.#deps.vault, id, sealed);
        const request: ListenedRequest = { id, headers, body: Buffer.from(body).toString('base64'), timeoutMs };
        this.#waiting.push(eventText('request', JSON.stringify(request)));
      }
    } catch (error) {
      this.#deps.log.warn({ err: error, endpointId: this.endpointId }, 'listen.not_read');
    }
  }

  /** Keeps the connection, unless another has taken over or the key was revoked. */
  async #renew(): Promise<void> {
    const { db, log } = this.#deps;
    this.#renewedAt = performance.now();
    try {
      if (!(await recheckCredentials(db, this.#caller))) this.end('not_valid');
      else {
        const renewed = await renewListener(db, this.endpointId, this.#session);
        // closed meanwhile: the row may have been made again
        if (this.#isDone) await releaseListener(db, this.endpointId, this.#session);
        if (renewed === 'renewed') this.#waiting.push(': nothing new\n\n');
        else this.end(renewed);
      }
    } catch (error) {
      log.warn({ err: error, endpointId: this.endpointId }, 'listen.not_renewed');
    }
  }

  async #woken(withinMs: number): Promise<void> {
    if (this.#isWoken || this.#isDone) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, withinMs).unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
