// A bounded 5-second cache of database lookups, including misses. Entries in use are refreshed in
// the background. Concurrent lookups share a statement, and one statement runs at a time: a flood
// of unknown keys queries no faster than PostgreSQL answers.
import { LRUCache } from 'lru-cache';
import { createGroupCommit } from '#db/store/group-commit';
import { createSingleFlight } from '#domain/single-flight';

export interface TtlCacheOptions<T> {
  /** One value for each key, in order; null: does not exist. */
  read(keys: string[]): Promise<(T | null)[]>;
  /** Monotonic milliseconds. */
  clock?: () => number;
  /** The maximum number of entries: hits and misses each. Beyond that the one read longest ago is evicted. */
  most?: number;
}

export interface TtlCache<T> {
  /** Synchronous if cached. Null: does not exist. Rejects if the database is unavailable. */
  find(key: string): T | null | Promise<T | null>;
  /** Drops the entries for which `is` returns true. Lookups in progress are repeated. */
  forget(is: (value: T) => boolean): void;
}

export const freshMs = 5_000;
const renewAfterMs = freshMs / 2;
const mostAtOnce = 500;
const mostWaiting = 20_000;

interface Entry<T> {
  value: T | null;
  /** When its lookup was sent: the age counts from there. */
  askedAt: number;
}

export function createTtlCache<T>({ read, clock = () => performance.now(), most = 10_000 }: TtlCacheOptions<T>): TtlCache<T> {
  const known = new LRUCache<string, Entry<T>>({ max: most });
  // separate, so that misses cannot evict hits
  const unknown = new LRUCache<string, Entry<T>>({ max: most });
  const asking = createSingleFlight<T | null>();
  const questions = createGroupCommit<string, T | null>({ write: read, maxWeight: mostAtOnce, maxWaiting: mostWaiting });
  let forgotten = 0;

  const ask = (key: string) => asking.share(key, () => lookUp(key));

  async function lookUp(key: string): Promise<T | null> {
    for (;;) {
      const before = forgotten;
      const askedAt = clock();
      const value = await questions.add(key);
      if (before !== forgotten) continue;
      remember(key, { value, askedAt });
      return value;
    }
  }

  function remember(key: string, entry: Entry<T>): void {
    const [entries, others] = entry.value === null ? [unknown, known] : [known, unknown];
    others.delete(key);
    entries.set(key, entry);
  }

  return {
    find(key) {
      // `peek` is faster than `get`; what is in use is read again anyway
      const entry = known.peek(key) ?? unknown.peek(key);
      const ageMs = entry ? clock() - entry.askedAt : Number.POSITIVE_INFINITY;
      if (!entry || ageMs >= freshMs) return ask(key);
      // a failed refresh shows when the entry expires
      if (ageMs >= renewAfterMs && entry.value !== null && !asking.isLoading(key)) ask(key).catch(() => undefined);
      return entry.value;
    },
    forget(is) {
      forgotten++;
      for (const [key, { value }] of known) if (value !== null && is(value)) known.delete(key);
    },
  };
}
