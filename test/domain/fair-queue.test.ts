// Fair queue: it serves its groups round-robin.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFairQueue } from '#domain/fair-queue';

interface Item {
  group: string;
  n: number;
}

const pushOrShift = fc.oneof({ weight: 3, arbitrary: fc.constantFrom('a', 'b', 'c', 'd') }, { weight: 2, arbitrary: fc.constant(null) });

function drain(queue: { shift(): Item | undefined }): Item[] {
  const items: Item[] = [];
  for (let item = queue.shift(); item; item = queue.shift()) items.push(item);
  return items;
}

describe('a fair queue', () => {
  it('returns every item once, in the order of its group', () => {
    fc.assert(
      fc.property(fc.array(pushOrShift, { maxLength: 200 }), (steps) => {
        const queue = createFairQueue<Item>();
        const pushed: Item[] = [];
        const taken: Item[] = [];
        for (const [n, group] of steps.entries()) {
          if (group !== null) {
            pushed.push({ group, n });
            queue.push(group, { group, n });
          } else {
            const item = queue.shift();
            expect(item === undefined).toBe(pushed.length === taken.length);
            if (item) taken.push(item);
          }
          expect(queue.size).toBe(pushed.length - taken.length);
        }
        taken.push(...drain(queue));
        expect(queue.size).toBe(0);
        for (const group of ['a', 'b', 'c', 'd'])
          expect(taken.filter((item) => item.group === group)).toEqual(pushed.filter((item) => item.group === group));
        expect(taken).toHaveLength(pushed.length);
      }),
    );
  });

  it('serves no group twice while another waits', () => {
    fc.assert(
      fc.property(fc.array(pushOrShift, { maxLength: 200 }), (steps) => {
        const queue = createFairQueue<string>();
        /** For each waiting group, the groups served since it arrived or was last served. */
        const since = new Map<string, string[]>();
        const waiting = new Map<string, number>();
        for (const group of steps) {
          if (group !== null) {
            queue.push(group, group);
            if (!waiting.has(group)) since.set(group, []);
            waiting.set(group, (waiting.get(group) ?? 0) + 1);
            continue;
          }
          const served = queue.shift();
          if (!served) continue;
          const left = (waiting.get(served) ?? 0) - 1;
          if (left > 0) waiting.set(served, left);
          else waiting.delete(served);
          since.set(served, []);
          for (const other of waiting.keys()) if (other !== served) since.get(other)?.push(served);
          for (const other of waiting.keys()) expect(new Set(since.get(other)).size).toBe(since.get(other)?.length);
        }
      }),
    );
  });

  it.each([1, 300, 100_000])('takes 100,000 items of %i groups', (groups) => {
    const queue = createFairQueue<Item>();
    const total = 100_000;
    for (let n = 0; n < total; n++) queue.push(`g${n % groups}`, { group: `g${n % groups}`, n });
    // pushed and served round-robin, so the order stays the same
    expect(drain(queue).every(({ n }, index) => n === index)).toBe(true);
    expect(queue.size).toBe(0);
  });

  it('is empty after clear, and still works', () => {
    const queue = createFairQueue<number>();
    for (const n of [1, 2, 3]) queue.push(`g${n}`, n);
    queue.clear();
    expect([queue.size, queue.shift()]).toEqual([0, undefined]);
    queue.push('g1', 4);
    expect([queue.shift(), queue.shift(), queue.size]).toEqual([4, undefined, 0]);
  });
});
