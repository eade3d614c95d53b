// The pump's view of the slots: what it leaves to others, and how fast it begins.
import { expect, it } from 'vitest';
import { createSlots } from '#attempts/slots';
import { PumpSlots } from '#relay/pump-slots';

const limits = { process: 64, tenant: 64, endpoint: 64 };

function open() {
  let nowMs = 0;
  const slots = createSlots(limits);
  const pump = new PumpSlots({ slots, limits, mayBegin: () => true, now: () => nowMs });
  const pass = (ms: number) => {
    nowMs += ms;
  };
  /** Takes slots until there is none, at most `most`. */
  const takeAll = (kind: 'slow' | 'usual', most = 1_000) => {
    const taken: (() => void)[] = [];
    for (let n = 0; n < most; n++) {
      const slot = pump.for(kind).take('t', 'e', null);
      if (typeof slot !== 'function') break;
      taken.push(slot);
    }
    return taken;
  };
  return { slots, pump, takeAll, pass };
}

it('uses at most half of the slots, and at most half of these for endpoints that did not respond', () => {
  const { takeAll } = open();
  expect(takeAll('slow')).toHaveLength(16);
  expect(takeAll('usual')).toHaveLength(16);
  expect(open().takeAll('usual')).toHaveLength(28);
});

it('begins nothing while three quarters of all slots are in use', () => {
  const { slots, takeAll } = open();
  const others = Array.from({ length: 48 }, () => slots.take('t', 'e', null));
  expect(takeAll('usual')).toEqual([]);
  for (const giveBack of others.slice(0, 2)) if (typeof giveBack === 'function') giveBack();
  expect(takeAll('usual')).toHaveLength(2);
});

it('begins at most 500 in a second, without those that came to nothing, and keeps some of each burst for slow ones', () => {
  const { pump, takeAll, pass } = open();
  const begin = (kind: 'slow' | 'usual', most = 1_000) => {
    let begun = 0;
    for (; begun < most; begun++) {
      const [giveBack] = takeAll(kind, 1);
      if (!giveBack) break;
      giveBack();
    }
    return begun;
  };
  expect(begin('usual')).toBe(40);
  expect(begin('slow')).toBe(10);
  pass(1_000);
  let begun = 0;
  for (let tick = 0; tick < 100; tick++) {
    begun += begin('usual');
    pass(10);
  }
  expect(begun).toBeGreaterThan(490);
  expect(begun).toBeLessThan(560);
  pass(1_000);
  for (let n = 0; n < 200; n++) {
    expect(begin('usual', 1)).toBe(1);
    pump.notBegun();
  }
});

it('gives a slot back once', () => {
  const { slots, takeAll } = open();
  const [slot] = takeAll('usual');
  slot?.();
  slot?.();
  expect(slots.inUse()).toBe(27);
  expect(takeAll('usual', 5)).toHaveLength(1);
});
