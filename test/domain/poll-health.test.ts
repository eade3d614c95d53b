import { expect, it } from 'vitest';
import { PollHealth } from '#domain/poll-health';

const seconds = (n: number) => n * 1_000;

it('does not poll before its first poll has begun', () => {
  expect(new PollHealth().isPolling(0)).toBe(false);
});

it('polls for 90 s after its first poll began, and after each answer', () => {
  const health = new PollHealth();
  health.begun(0);
  health.begun(seconds(60));
  expect([0, 90, 91].map((at) => health.isPolling(seconds(at)))).toEqual([true, true, false]);
  health.answered(seconds(100));
  expect([100, 190, 191].map((at) => health.isPolling(seconds(at)))).toEqual([true, true, false]);
});

it('does not poll while all polls have failed for 5 s, until one is answered', () => {
  const health = new PollHealth();
  health.begun(0);
  health.failed(seconds(10));
  health.failed(seconds(14));
  expect(health.isPolling(seconds(14))).toBe(true);
  health.failed(seconds(15));
  expect(health.isPolling(seconds(15))).toBe(false);
  health.answered(seconds(16));
  expect(health.isPolling(seconds(16))).toBe(true);
});

it('takes no single failure, and no failure of long ago, for a refusal', () => {
  const health = new PollHealth();
  health.begun(0);
  health.failed(seconds(10));
  expect(health.isPolling(seconds(20))).toBe(true);
  health.failed(seconds(40));
  expect(health.isPolling(seconds(40))).toBe(true);
  health.failed(seconds(46));
  expect([46, 66, 67].map((at) => health.isPolling(seconds(at)))).toEqual([false, false, true]);
});

it('polls while all slots are used, but not while its polls fail', () => {
  const health = new PollHealth();
  health.begun(0);
  health.freeSlots(0);
  expect(health.isPolling(seconds(600))).toBe(true);
  health.failed(seconds(600));
  health.failed(seconds(606));
  expect(health.isPolling(seconds(606))).toBe(false);
  health.freeSlots(1);
  expect(health.isPolling(seconds(700))).toBe(false);
});
