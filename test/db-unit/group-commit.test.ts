// Group commit without a database: `write` is a function of the test.
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createGroupCommit } from '#db/store/group-commit';

const failure = (code: string) => Object.assign(new Error(`failure ${code}`), { code });
const codeOf = (result: PromiseSettledResult<unknown>) =>
  result.status === 'rejected' ? (result.reason as { code: string }).code : undefined;
const times10 = async (items: number[]) => items.map((item) => item * 10);

/** A write that waits; `release()` lets the oldest waiting one continue. */
function gate() {
  const held: (() => void)[] = [];
  return { held, pass: () => new Promise<void>((resolve) => held.push(resolve)), release: () => held.shift()?.() };
}

describe('createGroupCommit', () => {
  it('gives every caller the result of its own item, for any weights and concurrency', async () => {
    const items = fc.array(fc.nat({ max: 30 }), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(items, fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 4 }), async (all, maxWeight, concurrency) => {
        const written: number[] = [];
        const commit = createGroupCommit<number, number>({
          async write(group) {
            written.push(...group);
            await nextTurn();
            return times10(group);
          },
          weigh: (item) => item,
          maxWeight,
          concurrency,
        });
        expect(await Promise.all(all.map((item) => commit.add(item)))).toEqual(all.map((item) => item * 10));
        expect(written).toEqual(all);
      }),
    );
  });

  it('puts items that arrive together into one write, and items that arrive during it into the next', async () => {
    const groups: number[][] = [];
    const { held, pass, release } = gate();
    const commit = createGroupCommit<number, number>({
      async write(group) {
        groups.push(group);
        await pass();
        return times10(group);
      },
      maxWeight: 100,
    });
    const results = [1, 2, 3].map((item) => commit.add(item));
    await expect.poll(() => held.length).toBe(1);
    results.push(...[4, 5].map((item) => commit.add(item)));
    await nextTurn();
    expect(groups).toEqual([[1, 2, 3]]);
    release();
    await expect.poll(() => held.length).toBe(1);
    release();
    expect(await Promise.all(results)).toEqual([10, 20, 30, 40, 50]);
    expect(groups).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
  });

  it('lingers while the waiting items weigh little, and writes at once when they weigh enough', async () => {
    const groups: number[][] = [];
    const write = async (group: number[]) => {
      groups.push(group);
      return times10(group);
    };
    const patient = createGroupCommit<number, number>({ write, maxWeight: 100, linger: { ms: 50, enough: 3 } });
    const first = patient.add(1);
    await nextTurn();
    expect(groups).toEqual([]);
    expect(await Promise.all([first, patient.add(2)])).toEqual([10, 20]);
    const eternal = createGroupCommit<number, number>({ write, maxWeight: 100, linger: { ms: 2 ** 31 - 1, enough: 3 } });
    expect(await Promise.all([3, 4, 5].map((item) => eternal.add(item)))).toEqual([30, 40, 50]);
    expect(groups).toEqual([
      [1, 2],
      [3, 4, 5],
    ]);
  });

  it('gives every caller its result when groups linger, all statements are busy and writes fail', async () => {
    const items = fc.array(fc.record({ item: fc.nat({ max: 30 }), turns: fc.nat({ max: 3 }) }), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(items, fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 60 }), async (all, concurrency, enough) => {
        let writes = 0;
        const commit = createGroupCommit<number, number>({
          async write(group) {
            await nextTurn();
            if (++writes % 3 === 0) throw failure('08006');
            return times10(group);
          },
          maxWeight: 5,
          concurrency,
          linger: { ms: 1, enough },
        });
        const results = [];
        for (const { item, turns } of all) {
          results.push(commit.add(item).catch((error) => error.code));
          for (let turn = 0; turn < turns; turn++) await nextTurn();
        }
        for (const [index, result] of (await Promise.all(results)).entries())
          expect([(all[index]?.item ?? 0) * 10, '08006']).toContain(result);
      }),
    );
  });

  it('writes no group heavier than the limit, except a single item', async () => {
    const weights = fc.array(fc.nat({ max: 20 }), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(weights, fc.integer({ min: 1, max: 15 }), async (all, maxWeight) => {
        const groups: number[][] = [];
        const commit = createGroupCommit<number, number>({
          async write(group) {
            groups.push(group);
            return times10(group);
          },
          weigh: (item) => item,
          maxWeight,
        });
        await Promise.all(all.map((item) => commit.add(item)));
        for (const group of groups) expect(group.length === 1 || group.reduce((sum, item) => sum + item, 0) <= maxWeight).toBe(true);
      }),
    );
  });

  it('runs as many writes at once as `concurrency` allows, and no more', async () => {
    const { held, pass, release } = gate();
    const commit = createGroupCommit<number, number>({
      async write(group) {
        await pass();
        return times10(group);
      },
      maxWeight: 1,
      concurrency: 2,
    });
    const results = [1, 2, 3, 4].map((item) => commit.add(item));
    await expect.poll(() => held.length).toBe(2);
    await nextTurn();
    expect(held.length).toBe(2);
    for (const _ of results) {
      release();
      await nextTurn();
    }
    expect(await Promise.all(results)).toEqual([10, 20, 30, 40]);
  });

  it('isolates exactly the bad items and writes all others once', async () => {
    const items = fc.array(fc.boolean(), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(items, fc.constantFrom('22P02', '22021', '23514', '23505'), async (badness, code) => {
        const written: number[] = [];
        const commit = createGroupCommit<number, number>({
          async write(group) {
            if (group.some((item) => badness[item])) throw failure(code);
            written.push(...group);
            return times10(group);
          },
          maxWeight: 100,
        });
        const results = await Promise.allSettled(badness.map((_bad, item) => commit.add(item)));
        expect(results.map(codeOf)).toEqual(badness.map((bad) => (bad ? code : undefined)));
        expect(results.map((result) => result.status === 'fulfilled' && result.value)).toEqual(
          badness.map((bad, item) => !bad && item * 10),
        );
        expect(written).toEqual(badness.flatMap((bad, item) => (bad ? [] : [item])));
      }),
    );
  });

  it.each(['40P01', '40001'])('runs a whole write again after a lost race (%s)', async (code) => {
    const groups: number[][] = [];
    const commit = createGroupCommit<number, number>({
      async write(group) {
        groups.push(group);
        if (groups.length < 4) throw failure(code);
        return times10(group);
      },
      maxWeight: 100,
    });
    expect(await Promise.all([1, 2].map((item) => commit.add(item)))).toEqual([10, 20]);
    expect(groups).toEqual(Array(4).fill([1, 2]));
  });

  it('gives up after six lost races and rejects all callers', async () => {
    let writes = 0;
    const commit = createGroupCommit<number, number>({
      async write() {
        writes++;
        throw failure('40P01');
      },
      maxWeight: 100,
    });
    const results = await Promise.allSettled([1, 2].map((item) => commit.add(item)));
    expect(results.map(codeOf)).toEqual(['40P01', '40P01']);
    expect(writes).toBe(6);
  });

  it.each(['ECONNREFUSED', '57P01', '53300', '42P01', 'without a code'])(
    'rejects the whole group after one try for any other error (%s)',
    async (code) => {
      let writes = 0;
      const commit = createGroupCommit<number, number>({
        async write() {
          writes++;
          throw failure(code);
        },
        maxWeight: 100,
      });
      const results = await Promise.allSettled([1, 2, 3].map((item) => commit.add(item)));
      expect(results.map(codeOf)).toEqual([code, code, code]);
      expect(writes).toBe(1);
    },
  );

  it('also rejects waiting items when the store is unavailable, and continues with later ones', async () => {
    let away = true;
    const { held, pass, release } = gate();
    const commit = createGroupCommit<number, number>({
      async write(group) {
        await pass();
        if (away) throw failure('ECONNREFUSED');
        return times10(group);
      },
      maxWeight: 100,
    });
    const lost = commit.add(1);
    await expect.poll(() => held.length).toBe(1);
    const waiting = commit.add(2);
    const both = Promise.allSettled([lost, waiting]);
    release();
    expect((await both).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    away = false;
    const later = commit.add(3);
    await expect.poll(() => held.length).toBe(1);
    release();
    expect(await later).toBe(30);
  });

  it('rejects an item at once when too much waits already', async () => {
    const { held, pass, release } = gate();
    const commit = createGroupCommit<number, number>({
      async write(group) {
        await pass();
        return times10(group);
      },
      maxWeight: 100,
      maxWaiting: 2,
    });
    const first = commit.add(1);
    await expect.poll(() => held.length).toBe(1);
    const waiting = [commit.add(2), commit.add(3)];
    await expect(commit.add(4)).rejects.toThrow('too many queries are waiting for the database');
    release();
    await expect.poll(() => held.length).toBe(1);
    release();
    expect(await Promise.all([first, ...waiting])).toEqual([10, 20, 30]);
  });
});
