// Slots: the limits of process, tenant and endpoint, and slots that are given back once.
import { expect, it } from 'vitest';
import { createSlots } from '#attempts/slots';

it.each<[string, [string, string, number | null][], string]>([
  [
    'endpoint',
    [
      ['a', 'a1', null],
      ['a', 'a1', null],
    ],
    'endpoint',
  ],
  ['endpoint with its own limit', [['a', 'a1', 1]], 'endpoint'],
  [
    'tenant',
    [
      ['a', 'a2', null],
      ['a', 'a2', null],
      ['a', 'a3', null],
    ],
    'tenant',
  ],
  [
    'process',
    [
      ['b', 'b1', null],
      ['b', 'b2', null],
      ['c', 'c1', null],
      ['c', 'c2', null],
    ],
    'process',
  ],
])('names the limit that is reached: %s', (_name, taken, cap) => {
  const slots = createSlots({ process: 4, tenant: 3, endpoint: 2 });
  for (const each of taken) expect(slots.take(...each)).toBeTypeOf('function');
  expect(slots.take('a', 'a1', 1)).toBe(cap);
  expect(slots.inUse()).toBe(taken.length);
});

it('an endpoint limit lowers the default limit and never raises it', () => {
  const slots = createSlots({ process: 9, tenant: 9, endpoint: 1 });
  expect(slots.take('a', 'a1', 5)).toBeTypeOf('function');
  expect(slots.take('a', 'a1', 5)).toBe('endpoint');
});

it('counts a slot as given back once, however often that is called', () => {
  const slots = createSlots({ process: 2, tenant: 2, endpoint: 2 });
  const [first] = [slots.take('a', 'a1', null), slots.take('a', 'a1', null)];
  if (typeof first !== 'function') throw new Error('no place');
  first();
  first();
  expect(slots.inUse()).toBe(1);
  expect(slots.take('a', 'a1', null)).toBeTypeOf('function');
  expect(slots.take('a', 'a1', null)).toBe('process');
});
