// Slots kept for first attempts of workflows that are being started.
import { expect, it } from 'vitest';
import { ReservedSlots } from '#attempts/reserved-slots';
import { createSlots } from '#attempts/slots';
import { until } from '../support/until.ts';

function open() {
  const slots = createSlots({ process: 4, tenant: 4, endpoint: 2 });
  return { slots, reserved: new ReservedSlots(slots) };
}

it('keeps a slot that a burst cannot take, for the one delivery that claims it', () => {
  const { slots, reserved } = open();
  expect(reserved.reserve('one', 'tenant', 'endpoint', null)).toBe(true);
  expect(typeof slots.take('tenant', 'endpoint', null)).toBe('function');
  expect(slots.take('tenant', 'endpoint', null)).toBe('endpoint');
  expect(reserved.claim('another')).toBeUndefined();
  reserved.claim('one')?.();
  expect(typeof slots.take('tenant', 'endpoint', null)).toBe('function');
  expect(reserved.claim('one')).toBeUndefined();
});

it('reserves none where none is free, and one only for a delivery that asks twice', () => {
  const { slots, reserved } = open();
  expect(reserved.reserve('one', 'tenant', 'endpoint', 1)).toBe(true);
  expect(reserved.reserve('one', 'tenant', 'endpoint', 1)).toBe(true);
  expect(reserved.reserve('two', 'tenant', 'endpoint', 1)).toBe(false);
  expect(slots.inUse()).toBe(1);
});

it('gives a slot back that nobody claims', async () => {
  const { slots, reserved } = open();
  reserved.reserve('one', 'tenant', 'endpoint', null);
  await until('the slot to be free', () => slots.inUse() === 0);
  expect(reserved.claim('one')).toBeUndefined();
});
