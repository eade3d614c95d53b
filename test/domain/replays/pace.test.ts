import { describe, expect, it } from 'vitest';
import { paceLimits } from '#contract/workflow-contract';
import { nextSlots, type Pace, paceAfter, paces } from '#domain/replays/pace';

const size = { aheadMs: 1_000, most: 1_000 };
const begun: Pace = { idealInMs: 0, lastDueInMs: -1e9 };

/** Pages every 500 ms from 0 until `untilMs`, except while the worker is dead. Returns when each delivery was due. */
function run(perSecond: number, untilMs: number, isDead: (atMs: number) => boolean = () => false): number[] {
  const due: number[] = [];
  let pace = begun;
  let at = 0;
  for (let now = 0; now < untilMs; now += 500) {
    if (isDead(now)) continue;
    const here = { idealInMs: pace.idealInMs - (now - at), lastDueInMs: pace.lastDueInMs - (now - at) };
    const slots = nextSlots(here, perSecond, size);
    due.push(...slots.dueInMs.map((ms) => now + ms));
    pace = paceAfter(here, perSecond, slots, slots.dueInMs.length);
    at = now;
  }
  return due;
}

it('has the same limits in workflows', () => {
  expect(paces).toMatchObject(paceLimits);
});

describe('the pace', () => {
  it.each([0.5, 1, 7, 100, 1_000])('is kept from the first delivery on, at %s a second', (perSecond) => {
    const due = run(perSecond, 20_000);
    expect(due).toEqual(due.toSorted((a, b) => a - b));
    expect(due.length).toBeGreaterThanOrEqual(Math.floor(20 * perSecond));
    expect(due.length).toBeLessThanOrEqual(Math.ceil(20.6 * perSecond) + 1);
    expect(due.slice(1).every((at, n) => Math.abs(at - (due[n] ?? 0) - 1_000 / perSecond) < 0.01)).toBe(true);
  });

  it('is made up for after a crash, at a tenth above it and never faster', () => {
    const due = run(100, 100_000, (at) => at >= 20_000 && at < 25_000);
    expect(due.slice(1).every((at, n) => at - (due[n] ?? 0) >= 1_000 / 110.01)).toBe(true);
    // of the 5 s, half a second was handed over ahead: the rest is made up for within 45 s
    expect(due.filter((at) => at < 25_000 + 46_000).length).toBeGreaterThanOrEqual(7_099);
    expect(due.length / 100).toBeCloseTo(100.5, 0);
  });

  it('is not made up for beyond a minute', () => {
    const { dueInMs } = nextSlots({ idealInMs: -3_600_000, lastDueInMs: -3_600_000 }, 10, size);
    expect(dueInMs[0]).toBe(0);
    const pace = paceAfter({ idealInMs: -3_600_000, lastDueInMs: -3_600_000 }, 10, { dueInMs }, dueInMs.length);
    expect(pace.idealInMs).toBeCloseTo(-60_000 + dueInMs.length * 100);
  });

  it('does not move on for what was not taken', () => {
    const pace = { idealInMs: 300, lastDueInMs: -200 };
    const slots = nextSlots(pace, 2, size);
    expect(slots).toEqual({ dueInMs: [300, 800], nextInMs: 1_300 });
    expect(paceAfter(pace, 2, slots, 0)).toEqual(pace);
    expect(paceAfter(pace, 2, slots, 1)).toEqual({ idealInMs: 800, lastDueInMs: 300 });
  });

  it('hands over no more at once than a page holds', () => {
    const { dueInMs, nextInMs } = nextSlots(begun, 1_000, { aheadMs: 1_000, most: 5 });
    expect(dueInMs).toEqual([0, 1, 2, 3, 4]);
    expect(nextInMs).toBe(5);
  });
});
