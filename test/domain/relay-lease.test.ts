// The lease of a relay, by times that the test decides.
import { expect, it } from 'vitest';
import { Lease } from '#domain/relay-lease';

const open = () => new Lease('rly_1', 10_000, { fencedAfterMs: 3_000, steadyAfterMs: 5_000 });

it('may act until 3 s after its last renewal was sent', () => {
  const lease = open();
  expect([12_999, 13_000].map((nowMs) => lease.isFresh(nowMs))).toEqual([true, false]);
  lease.renewed(12_000, 12_500);
  expect([14_999, 15_000].map((nowMs) => lease.isFresh(nowMs))).toEqual([true, false]);
});

it('stays ended when the answer to a renewal comes too late', () => {
  const lease = open();
  lease.renewed(12_900, 13_000);
  expect(lease.isFresh(13_000)).toBe(false);
});

it('never acts again once its row is gone', () => {
  const lease = open();
  lease.lost();
  lease.renewed(10_100, 10_200);
  expect(lease.isFresh(10_200)).toBe(false);
});

it('may take rows of other relays after 5 s of renewals without a break', () => {
  const lease = open();
  for (let atMs = 11_000; atMs <= 14_000; atMs += 1_000) lease.renewed(atMs, atMs + 10);
  expect([14_999, 15_000].map((nowMs) => lease.isSteady(nowMs))).toEqual([false, true]);
  expect(lease.isSteady(17_000)).toBe(false);
});
