// What PostgreSQL says of a thing, remembered for 5 s at most: known things and, for as long, that there is no such thing.
//
// A value counts from when its question was sent. In the second half of its time it is asked for again in the background, so one in use is there without a
// statement in its way. Questions that come together share a statement, and one statement runs at a time: a flood of made-up keys asks no more often than
// PostgreSQL answers. What is remembered is bounded; the oldest goes first.
import { createGroupCommit } from '#db/store/group-commit';

export interface TtlCacheOptions<T> {
  /** One for each key; null: there is none. */
  read(keys: string[]): Promise<(T | null)[]>;
  /** Milliseconds that only grow. */
  clock?: () => number;
  /** How many are remembered at most, of each kind. */
  most?: number;
}

export interface TtlCache<T> {
  /** At once where it is remembered. Rejects when the store is away. */
  find(key: string): T | null | Promise<T | null>;
  /** Forgets what `is` says, also where it is being asked for at this moment. */
  forget(is: (value: T) => boolean): void;
}

export const freshMs = 5_000;
const renewAfterMs = freshMs / 2;
const mostAtOnce = 500;
const mostWaiting = 20_000;

interface Entry<T> {
  value: T | null;
  askedAt: number;
}

export function createTtlCache<T>({ read, clock = () => performance.now(), most = 10_000 }: TtlCacheOptions<T>): TtlCache<T> {
  const known = new Map<string, Entry<T>>();
  // apart, so that what does not exist cannot push out what does
  const unknown = new Map<string, Entry<T>>();
  const asking = new Map<string, Promise<T | null>>();
  const questions = createGroupCommit<string, T | null>({ write: read, maxWeight: mostAtOnce, maxWaiting: mostWaiting });
  let forgotten = 0;

  function ask(key: string): Promise<T | null> {
    const asked = asking.get(key) ?? askAnew(key).finally(() => asking.delete(key));
    asking.set(key, asked);
    return asked;
  }

  async function askAnew(key: string): Promise<T | null> {
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
    known.delete(key);
    unknown.delete(key);
    const entries = entry.value === null ? unknown : known;
    entries.set(key, entry);
    const { value: oldest, done } = entries.keys().next();
    if (entries.size > most && !done) entries.delete(oldest);
  }

  return {
    find(key) {
      const entry = known.get(key) ?? unknown.get(key);
      const ageMs = entry ? clock() - entry.askedAt : Number.POSITIVE_INFINITY;
      if (!entry || ageMs >= freshMs) return ask(key);
      // a failure shows when the value has run out
      if (ageMs >= renewAfterMs && entry.value !== null && !asking.has(key)) ask(key).catch(() => undefined);
      return entry.value;
    },
    forget(is) {
      forgotten++;
      for (const [key, { value }] of known) if (value !== null && is(value)) known.delete(key);
    },
  };
}
