// Which orders the operator obeys next.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type QueuedOrder, takeBatch } from '#workflows/operator-queue';

const order = (deliveryId: string, asked = false): QueuedOrder => ({
  order: { deliveryId, command: { kind: 'cancel' } },
  ...(asked && { answer: () => undefined }),
});
const idOf = ({ order: given }: QueuedOrder) => 'deliveryId' in given && given.deliveryId;

it('takes the oldest 50 while no Update waits', () => {
  const queue = Array.from({ length: 120 }, (_, index) => order(`d${index}`));
  const all = [...queue];
  expect(takeBatch(queue)).toEqual(all.slice(0, 50));
  expect(queue).toEqual(all.slice(50));
});

it('takes an Update first, and before it the older orders of its delivery', () => {
  const queue = Array.from({ length: 120 }, (_, index) => order(`d${index}`));
  queue.push(order('d70', true), order('d0', true));
  const batch = takeBatch(queue);
  expect(batch.map(idOf)).toEqual([...Array.from({ length: 47 }, (_, index) => `d${index}`), 'd70', 'd70', 'd0']);
  expect(queue).toHaveLength(72);
});

it('loses and repeats nothing, never turns round the orders of one delivery, and takes Updates in the next batches', () => {
  const orders = fc.array(fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd', 'e'), asked: fc.boolean() }), { maxLength: 200 });
  fc.assert(
    fc.property(orders, (given) => {
      const all = given.map(({ id, asked }) => order(id, asked));
      const queue = [...all];
      const taken: QueuedOrder[] = [];
      while (queue.length > 0) {
        const before = queue.some(({ answer }) => answer);
        const batch = takeBatch(queue);
        expect(batch.length).toBeGreaterThan(0);
        expect(batch.length).toBeLessThanOrEqual(50);
        if (before && queue.some(({ answer }) => answer)) expect(batch).toHaveLength(50);
        taken.push(...batch);
      }
      for (const id of ['a', 'b', 'c', 'd', 'e'])
        expect(taken.filter((each) => idOf(each) === id)).toEqual(all.filter((each) => idOf(each) === id));
      expect(new Set(taken).size).toBe(all.length);
      expect(taken).toHaveLength(all.length);
    }),
  );
});
