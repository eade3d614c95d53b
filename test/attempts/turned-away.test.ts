// The wait of deliveries that found no place: a crowd spreads out, a few come back soon, and who has been served is forgotten.
import { expect, it } from 'vitest';
import { createSlotOverflow } from '#attempts/slot-overflow';

it('grows with the crowd behind an endpoint, not beyond a minute, and not for others', () => {
  let now = 0;
  const turnedAway = createSlotOverflow(
    () => 0.5,
    () => now,
  );
  expect(turnedAway.waitMs('ep_a', 'dlv_1', 32)).toBe(1_500);
  for (let n = 2; n <= 320; n++) turnedAway.waitMs('ep_a', `dlv_${n}`, 32);
  expect(turnedAway.waitMs('ep_a', 'dlv_320', 32)).toBe(15_047);
  for (let n = 321; n <= 5_000; n++) turnedAway.waitMs('ep_a', `dlv_${n}`, 32);
  expect(turnedAway.waitMs('ep_a', 'dlv_5001', 32)).toBe(60_000);
  expect(turnedAway.waitMs('ep_b', 'dlv_1', 32)).toBe(1_500);
  now = 120_000;
  expect(turnedAway.waitMs('ep_a', 'dlv_9', 32)).toBe(1_500);
});

it('is not lengthened by those who were served, whoever still waits before them', () => {
  let now = 0;
  let random = 1;
  const turnedAway = createSlotOverflow(
    () => random,
    () => now,
  );
  turnedAway.waitMs('ep_a', 'dlv_long', 0.1);
  random = 0;
  for (let n = 0; n < 100; n++) turnedAway.waitMs('ep_a', `dlv_${n}`, 1_000);
  expect(turnedAway.waiting('ep_a')).toBe(101);
  now = 5_000;
  turnedAway.waitMs('ep_a', 'dlv_new', 1);
  // the first one waits for 20 s
  expect(turnedAway.waiting('ep_a')).toBe(2);
});
