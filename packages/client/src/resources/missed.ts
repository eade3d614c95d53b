// posthorn.missed: a consumer fetches what its endpoint has not accepted. One that is often offline can live from it alone.
import { path } from '../address.ts';
import type { ListMissedQuery, MissedDelivery, MissedPage } from '../api-types.ts';
import type { CallOptions, Requester } from '../request.ts';
import { pause } from '../retries.ts';

/** The standard body of an event. */
export interface MissedBody {
  type: string;
  timestamp: string;
  data: unknown;
}

export interface MissedEvent extends Omit<MissedDelivery, 'body'> {
  /** null: the content was erased, or the event has expired. */
  body: MissedBody | null;
}

/** One `idempotencyKey` would make all acknowledgements one. */
export interface ConsumeOptions extends Omit<CallOptions, 'idempotencyKey' | 'ifMatch'> {
  /** Events in a page, at most 250. Default: 50. */
  limit?: number;
  /** How long to wait when everything is fetched. Absent: `consume` ends then. */
  pollMs?: number;
}

export class Missed {
  readonly #api: Requester;

  constructor(api: Requester) {
    this.#api = api;
  }

  /** A page, oldest first: after the cursor `after`, or after what was acknowledged last. Empty: there is nothing more. */
  list(endpoint: string, query: ListMissedQuery = {}, options?: CallOptions): Promise<MissedPage> {
    return this.#api.json('GET', path`/v1/endpoints/${endpoint}/missed`, { query: { ...query } }, options);
  }

  /** Everything up to the cursor counts as delivered, and is not sent any more. */
  ack(endpoint: string, cursor: string, options?: CallOptions): Promise<void> {
    return this.#api.json('POST', path`/v1/endpoints/${endpoint}/missed/ack`, { body: { cursor } }, options);
  }

  /**
   * Calls `handle` for each missed event, one after the other, oldest first, and acknowledges each page after it. Resolves to
   * how many were handled. If `handle` throws, the events before are acknowledged, and `consume` rejects with its error.
   * What if it stops halfway? Unacknowledged events come again: drop those whose `event` you have processed.
   */
  async consume(
    endpoint: string,
    handle: (event: MissedEvent) => void | Promise<void>,
    { limit = 50, pollMs, ...options }: ConsumeOptions = {},
  ): Promise<number> {
    let handled = 0;
    for (;;) {
      const page = await this.list(endpoint, { limit, include: 'body' }, options);
      const done = new Set<string>();
      try {
        for (const item of page.data) {
          options.signal?.throwIfAborted();
          await handle(item as MissedEvent);
          done.add(item.delivery);
        }
      } catch (error) {
        if (done.size > 0) await this.#ackFirst(endpoint, done, options).catch(() => undefined);
        throw error;
      }
      handled += done.size;
      if (done.size > 0) await this.ack(endpoint, page.cursor, options);
      else if (pollMs === undefined) return handled;
      else await pause(pollMs, options.signal);
    }
  }

  /** A page has one cursor, at its end. The cursor after its first events is that of a shorter page. */
  async #ackFirst(endpoint: string, done: ReadonlySet<string>, { signal: _, ...options }: CallOptions): Promise<void> {
    const { data, cursor } = await this.list(endpoint, { limit: done.size }, options);
    // meanwhile some may have been delivered, so that the page holds others
    if (data.every(({ delivery }) => done.has(delivery))) await this.ack(endpoint, cursor, options);
  }
}
