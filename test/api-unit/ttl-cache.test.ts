// The 5-second cache of lookups: freshness, bounds, and how often it queries. `read` is a function
// of the test.
import { describe, expect, it } from 'vitest';
import { createTtlCache, freshMs } from '#api/access/ttl-cache';

interface Thing {
  name: string;
}

/** A database that answers when the test lets it, and a clock that the test moves. */
function bench({ held = false, most = 10_000 } = {}) {
  const things = new Map<string, Thing>();
  const asked: string[][] = [];
  const waiting: (() => void)[] = [];
  let now = 0;
  let failing: Error | null = null;
  const fresh = createTtlCache<Thing>({
    clock: () => now,
    most,
    async read(keys) {
      asked.push(keys);
      const found = keys.map((key) => things.get(key) ?? null);
      if (held) await new Promise<void>((resolve) => waiting.push(resolve));
      if (failing) throw failing;
      return found;
    },
  });
  return {
    things,
    asked,
    fresh,
    pass: (ms: number) => {
      now += ms;
    },
    answer: () => waiting.shift()?.(),
    fail: (error: Error | null) => {
      failing = error;
    },
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('createTtlCache', () => {
  it('queries once for a known key, and then answers synchronously', async () => {
    const { things, asked, fresh } = bench();
    things.set('a', { name: 'one' });
    expect(await fresh.find('a')).toEqual({ name: 'one' });
    for (let call = 0; call < 1_000; call++) expect(fresh.find('a')).toEqual({ name: 'one' });
    expect(asked).toEqual([['a']]);
  });

  it('refreshes in the background before expiry, and never returns a value older than 5 s', async () => {
    const { things, asked, fresh, pass } = bench();
    things.set('a', { name: 'one' });
    await fresh.find('a');
    things.delete('a');
    pass(freshMs / 2);
    expect(fresh.find('a')).toEqual({ name: 'one' });
    expect(fresh.find('a')).toEqual({ name: 'one' });
    await turn();
    expect(fresh.find('a')).toBeNull();
    expect(asked).toHaveLength(2);
    things.set('a', { name: 'two' });
    expect(fresh.find('a')).toBeNull();
    pass(freshMs);
    expect(await fresh.find('a')).toEqual({ name: 'two' });
  });

  it('counts the 5 s from the query, not from its result', async () => {
    const { things, fresh, pass, answer } = bench({ held: true });
    things.set('a', { name: 'one' });
    const first = fresh.find('a');
    await turn();
    pass(freshMs);
    answer();
    expect(await first).toEqual({ name: 'one' });
    expect(fresh.find('a')).toBeInstanceOf(Promise);
    await turn();
    answer();
  });

  it('shares one statement at a time between all lookups, even of unknown keys', async () => {
    const { asked, fresh, answer } = bench({ held: true });
    const flood = Promise.all(Array.from({ length: 700 }, (_, n) => fresh.find(`made up ${n}`)));
    const same = Promise.all(Array.from({ length: 100 }, () => fresh.find('made up 0')));
    await turn();
    expect(asked.map((keys) => keys.length)).toEqual([500]);
    answer();
    await turn();
    expect(asked.map((keys) => keys.length)).toEqual([500, 200]);
    answer();
    expect(new Set(await flood)).toEqual(new Set([null]));
    expect(new Set(await same)).toEqual(new Set([null]));
  });

  it('is bounded, and misses cannot evict hits', async () => {
    const { things, asked, fresh } = bench({ most: 10 });
    things.set('a', { name: 'one' });
    await fresh.find('a');
    await Promise.all(Array.from({ length: 50 }, (_, n) => fresh.find(`made up ${n}`)));
    const before = asked.length;
    expect(fresh.find('a')).toEqual({ name: 'one' });
    expect(fresh.find('made up 49')).toBeNull();
    expect(asked).toHaveLength(before);
    expect(await fresh.find('made up 0')).toBeNull();
    expect(asked).toHaveLength(before + 1);
  });

  it('forgets at once, even lookups in progress', async () => {
    const { things, fresh, answer } = bench({ held: true });
    things.set('a', { name: 'one' });
    const asking = fresh.find('a');
    await turn();
    things.delete('a');
    fresh.forget(({ name }) => name === 'one');
    answer();
    await turn();
    answer();
    expect(await asking).toBeNull();
  });

  it('rejects while the database is unavailable and nothing is cached, and recovers', async () => {
    const { things, fresh, pass, fail } = bench();
    things.set('a', { name: 'one' });
    await fresh.find('a');
    fail(Object.assign(new Error('away'), { code: 'ECONNREFUSED' }));
    pass(freshMs - 1);
    expect(fresh.find('a')).toEqual({ name: 'one' });
    await turn();
    pass(1);
    await expect(fresh.find('a')).rejects.toThrow('away');
    fail(null);
    expect(await fresh.find('a')).toEqual({ name: 'one' });
  });
});
