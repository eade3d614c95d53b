// A list of the API as an async iterator: reads the next page when the items of the last one are used up.
import type { Query } from './address.ts';
import type { CallOptions, Requester } from './request.ts';

export interface Page<T> {
  data: T[];
  /** null: this is the last page. */
  nextCursor: string | null;
}

/**
 * Nothing is requested before the first item is asked for. It can be iterated over several times: each time from the start.
 * @example for await (const delivery of posthorn.deliveries.list({ status: ['dead_lettered'] })) …
 */
export class List<T> implements AsyncIterable<T> {
  readonly #read: (cursor: string | undefined) => Promise<Page<T>>;

  constructor(read: (cursor: string | undefined) => Promise<Page<T>>) {
    this.#read = read;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for await (const { data } of this.pages()) yield* data;
  }

  /** Page by page. A page can be empty and still have a next one. */
  async *pages(): AsyncGenerator<Page<T>, void, undefined> {
    let cursor: string | undefined;
    do {
      const page = await this.#read(cursor);
      yield page;
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
  }

  /** The first page only; `cursor` of the query is respected. */
  page(): Promise<Page<T>> {
    return this.#read(undefined);
  }

  /** All items, at most `most`. */
  async toArray(most = Number.POSITIVE_INFINITY): Promise<T[]> {
    const items: T[] = [];
    if (most <= 0) return items;
    for await (const item of this) if (items.push(item) >= most) break;
    return items;
  }
}

/** The list at a path, for a query that may begin at a `cursor`. */
export function listOf<T>(api: Requester, address: string, query: Query, options: CallOptions | undefined): List<T> {
  return new List((cursor) => api.json('GET', address, { query: cursor === undefined ? query : { ...query, cursor } }, options));
}
