// The limits of the events that a relay keeps in memory, without the relay.
import { beforeEach, describe, expect, it } from 'vitest';
import { createInMemoryEvents, type InMemoryEvents } from '#relay/in-memory-events';

const MiB = 1024 * 1024;
let holdings: InMemoryEvents;
let calls: string[];

beforeEach(() => {
  calls = [];
  holdings = createInMemoryEvents({ onRoom: () => calls.push('room'), onSpace: () => calls.push('space') });
});

const take = (tenant: string, count: number, bytes = 1) => {
  const ids = Array.from({ length: count }, (_, n) => `${tenant}-${n}`);
  for (const id of ids) holdings.take(id, tenant, bytes);
  return ids;
};
const each = (ids: string[], act: (id: string) => void) => {
  for (const id of ids) act(id);
};

describe('a tenant', () => {
  it('is crowded from 64 waiting events on, until fewer than 32 wait', () => {
    const ids = take('a', 63);
    expect(holdings.crowded()).toEqual([]);
    holdings.take('one more', 'a', 1);
    take('b', 10);
    expect(holdings.crowded()).toEqual(['a']);
    each(ids.slice(0, 32), holdings.attempted);
    expect(holdings.crowded()).toEqual(['a']);
    holdings.forget('one more');
    expect(holdings.crowded()).toEqual([]);
    expect(calls).toEqual(['room']);
  });

  it('has a share of 1,000 waiting events; other tenants still have room', () => {
    const ids = take('a', 1_000);
    expect(holdings.isFullFor('a')).toBe(true);
    expect(holdings.isFullFor('b')).toBe(false);
    expect(holdings.isFull()).toBe(false);
    each(ids.slice(0, 500), holdings.attempted);
    expect(calls).toEqual([]);
    each(ids.slice(500, 501), holdings.attempted);
    expect(calls).toEqual(['space']);
    expect(holdings.isFullFor('a')).toBe(false);
  });

  it('has a share of 16 MiB of bodies, which are released by the attempts', () => {
    const ids = take('a', 64, MiB / 4);
    expect(holdings.isFullFor('a')).toBe(true);
    expect(holdings.isFullFor('b')).toBe(false);
    each(ids, holdings.attempted);
    expect(holdings.isFullFor('a')).toBe(false);
    expect(calls).toContain('space');
    expect(holdings.has('a-0')).toBe(true);
  });
});

describe('all tenants', () => {
  it('have room for 10,000 events until these are dispatched, attempted or not', () => {
    const ids = Array.from({ length: 20 }, (_, n) => take(`t${n}`, 500)).flat();
    expect(holdings.isFullFor('another')).toBe(true);
    each(ids, holdings.attempted);
    expect(holdings.isFull()).toBe(true);
    calls = [];
    each(ids.slice(0, 999), holdings.forget);
    expect(calls).toEqual([]);
    each(ids.slice(999, 1_001), holdings.forget);
    expect(calls).toEqual(['space']);
    expect(holdings.isFull()).toBe(false);
    each(ids.slice(1_001), holdings.forget);
    expect(calls).toEqual(['space']);
    expect(holdings.has(ids[0] ?? '')).toBe(false);
  });

  it('have room for 64 MiB of waiting bodies', () => {
    for (let n = 0; n < 8; n++) take(`t${n}`, 32, MiB / 4);
    expect(holdings.isFull()).toBe(true);
    each(
      Array.from({ length: 32 }, (_, n) => `t0-${n}`),
      holdings.attempted,
    );
    expect(holdings.isFull()).toBe(false);
  });
});

it('counts an event once that is attempted or forgotten twice', () => {
  const ids = take('a', 100);
  for (const id of [...ids, ...ids]) holdings.attempted(id);
  for (const id of [...ids, ...ids, 'never known']) holdings.forget(id);
  take('a', 63);
  expect(holdings.crowded()).toEqual([]);
});
