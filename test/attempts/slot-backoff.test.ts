// The wait of deliveries that got no slot: many spread out, a few come back soon, and served
// deliveries no longer count.
import { expect, it } from 'vitest';
import { SlotWaits } from '#attempts/slot-backoff';

it('the wait grows with the number that wait for an endpoint, up to a minute, and not for other endpoints', () => {
  let now = 0;
  const overflow = new SlotWaits(
    () => 0.5,
    () => now,
  );
  expect(overflow.waitMs('ep_a', 'dlv_1', 32)).toBe(1_500);
  for (let n = 2; n <= 320; n++) overflow.waitMs('ep_a', `dlv_${n}`, 32);
  expect(overflow.waitMs('ep_a', 'dlv_320', 32)).toBe(15_047);
  for (let n = 321; n <= 5_000; n++) overflow.waitMs('ep_a', `dlv_${n}`, 32);
  expect(overflow.waitMs('ep_a', 'dlv_5001', 32)).toBe(60_000);
  expect(overflow.waitMs('ep_b', 'dlv_1', 32)).toBe(1_500);
  now = 120_000;
  expect(overflow.waitMs('ep_a', 'dlv_9', 32)).toBe(1_500);
});

it('served deliveries do not lengthen the wait, even when an older delivery still waits', () => {
  let now = 0;
  let random = 1;
  const overflow = new SlotWaits(
    () => random,
    () => now,
  );
  overflow.waitMs('ep_a', 'dlv_long', 0.1);
  random = 0;
  for (let n = 0; n < 100; n++) overflow.waitMs('ep_a', `dlv_${n}`, 1_000);
  expect(overflow.waiting('ep_a')).toBe(101);
  now = 5_000;
  overflow.waitMs('ep_a', 'dlv_new', 1);
  // the first delivery waits for 20 s
  expect(overflow.waiting('ep_a')).toBe(2);
});
