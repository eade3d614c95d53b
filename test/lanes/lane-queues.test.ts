// The queues of a lane: each line has one request in flight, in its order, whatever happens to
// other lines.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { HeldDelivery } from '#db/lanes/lane-page';
import type { Ordering } from '#domain/lanes/lane-settings';
import { LaneQueues } from '#lanes/lane-queues';

const row = (n: number, laneKey: string | null = null, dueInMs = 0): HeldDelivery => ({
  deliveryId: `dlv_${n}`,
  eventId: `evt_${n}`,
  webhookId: `e${n}`,
  eventType: 'order.created',
  body: Buffer.from('{}'),
  round: 1,
  attempts: 0,
  laneKey,
  position: n,
  sequence: null,
  batchId: null,
  dueInMs,
  expiresAtMs: Number.POSITIVE_INFINITY,
  trace: null,
  scheduledMs: null,
  shapeId: null,
  isWhole: false,
  version: null,
});

it('an ordered endpoint is one line: only its head is in flight, and a head that waits holds up the rest', () => {
  const lines = new LaneQueues(() => 'endpoint');
  lines.fill([row(1), row(2), row(3)], 0, false);
  const first = lines.next(0);
  expect(first?.deliveryId).toBe('dlv_1');
  expect(lines.next(0)).toBeUndefined();
  lines.wait(first as HeldDelivery, 1_000);
  expect([lines.movable(999), lines.nextAtMs(0)]).toEqual([0, 1_000]);
  // read again when it is due
  lines.fill([row(1), row(2), row(3)], 1_000, false);
  expect(lines.next(1_000)?.deliveryId).toBe('dlv_1');
});

it('a head that is not due waits, unless it is read for a probe', () => {
  const lines = new LaneQueues(() => 'endpoint');
  lines.fill([row(1, null, 500), row(2)], 0, false);
  expect([lines.movable(0), lines.nextAtMs(0)]).toEqual([0, 500]);
  lines.fill([row(1, null, 500), row(2)], 0, true);
  expect(lines.next(0)?.deliveryId).toBe('dlv_1');
});

it('keys that are in flight or wait are not read, and deliveries without a key hold up none', () => {
  const lines = new LaneQueues(() => 'key');
  lines.fill([row(1, 'a'), row(2, 'a'), row(3, 'b'), row(4), row(5)], 0, false);
  expect(lines.movable(0)).toBe(4);
  const taken = [lines.next(0), lines.next(0), lines.next(0), lines.next(0)].map((next) => next?.deliveryId);
  expect(taken).toEqual(['dlv_1', 'dlv_3', 'dlv_4', 'dlv_5']);
  lines.wait(row(3, 'b'), 700);
  expect(lines.except(0)).toEqual({ deliveries: ['dlv_1', 'dlv_4', 'dlv_5'], keys: ['a', 'dlv_4', 'dlv_5', 'b'] });
});

it('each line has one in flight and keeps its order, for any sequence of reads, successes and waits', () => {
  const orderings = fc.constantFrom<Ordering>('none', 'endpoint', 'key');
  const moves = fc.array(fc.record({ move: fc.constantFrom('look', 'next', 'done', 'wait'), which: fc.nat(20) }), { maxLength: 200 });
  fc.assert(
    fc.property(orderings, fc.array(fc.constantFrom('a', 'b', null), { maxLength: 30 }), moves, (ordering, keys, script) => {
      const lines = new LaneQueues(() => ordering);
      // the held rows, in their order
      let held = keys.map((key, n) => row(n, key));
      const underWay: HeldDelivery[] = [];
      const finished: HeldDelivery[] = [];
      const lineOf = ({ deliveryId, laneKey }: HeldDelivery) =>
        ordering === 'endpoint' ? '' : ordering === 'key' && laneKey !== null ? laneKey : deliveryId;
      let now = 0;
      for (const { move, which } of script) {
        now += 10;
        if (move === 'look') {
          const { deliveries, keys: busy } = lines.except(now);
          const seen = held.filter((one) => !deliveries.includes(one.deliveryId) && !(one.laneKey !== null && busy.includes(one.laneKey)));
          lines.fill(seen.slice(0, 5), now, false);
        }
        if (move === 'next') {
          const next = lines.next(now);
          if (next) underWay.push(next);
        }
        const [ended] = move === 'done' || move === 'wait' ? underWay.splice(which % Math.max(1, underWay.length), 1) : [];
        if (ended && move === 'done') {
          held = held.filter((one) => one !== ended);
          finished.push(ended);
          lines.done(ended);
        } else if (ended) lines.wait(ended, now + which * 5);
        const atOnce = underWay.map(lineOf);
        expect(new Set(atOnce).size).toBe(atOnce.length);
      }
      for (const line of new Set(finished.map(lineOf))) {
        const positions = finished.filter((one) => lineOf(one) === line).map(({ position }) => position ?? 0);
        expect(positions).toEqual(positions.toSorted((a, b) => a - b));
      }
    }),
  );
});
