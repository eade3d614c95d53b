// The limits of the events that a relay keeps in memory, without the relay.
import { beforeEach, describe, expect, it } from 'vitest';
import { InMemoryEvents } from '#relay/in-memory-events';

const MiB = 1024 * 1024;
let holdings: InMemoryEvents;

beforeEach(() => {
  holdings = new InMemoryEvents();
});

const take = (tenant: string, count: number, bytes = 1) => {
  const ids = Array.from({ length: count }, (_, n) => `${tenant}-${n}`);
  for (const id of ids) holdings.take(id, tenant, bytes);
  return ids;
};
const attempt = (ids: string[]) => {
  for (const id of ids) holdings.freeShare(id);
};
const forget = (ids: string[]) => {
  for (const id of ids) holdings.forget(id);
};

describe('a tenant', () => {
  it('is crowded from 64 waiting events on, until fewer than 32 wait', () => {
    const ids = take('a', 63);
    expect(holdings.crowded()).toEqual([]);
    holdings.take('one more', 'a', 1);
    take('b', 10);
    expect(holdings.crowded()).toEqual(['a']);
    attempt(ids.slice(0, 32));
    expect(holdings.crowded()).toEqual(['a']);
    holdings.forget('one more');
    expect(holdings.crowded()).toEqual([]);
    expect([holdings.takeRoomAgain(), holdings.takeRoomAgain()]).toEqual([true, false]);
  });

  it('has a share of 1,000 waiting events; other tenants still have room', () => {
    const ids = take('a', 1_000);
    expect(holdings.isFullFor('a')).toBe(true);
    expect(holdings.isFullFor('b')).toBe(false);
    expect(holdings.isFull()).toBe(false);
    attempt(ids.slice(0, 500));
    expect(holdings.takeSpaceAgain()).toBe(false);
    attempt(ids.slice(500, 501));
    expect(holdings.takeSpaceAgain()).toBe(true);
    expect(holdings.isFullFor('a')).toBe(false);
  });

  it('has a share of 16 MiB of bodies, which are released by the attempts', () => {
    const ids = take('a', 64, MiB / 4);
    expect(holdings.isFullFor('a')).toBe(true);
    expect(holdings.isFullFor('b')).toBe(false);
    attempt(ids);
    expect(holdings.isFullFor('a')).toBe(false);
    expect(holdings.takeSpaceAgain()).toBe(true);
    expect(holdings.has('a-0')).toBe(true);
  });
});

describe('all tenants', () => {
  it('have room for 10,000 events until these are dispatched, attempted or not', () => {
    const ids = Array.from({ length: 20 }, (_, n) => take(`t${n}`, 500)).flat();
    expect(holdings.isFullFor('another')).toBe(true);
    attempt(ids);
    expect(holdings.isFull()).toBe(true);
    holdings.takeSpaceAgain();
    forget(ids.slice(0, 999));
    expect(holdings.takeSpaceAgain()).toBe(false);
    forget(ids.slice(999, 1_001));
    expect(holdings.takeSpaceAgain()).toBe(true);
    expect(holdings.isFull()).toBe(false);
    forget(ids.slice(1_001));
    expect(holdings.takeSpaceAgain()).toBe(false);
    expect(holdings.has(ids[0] ?? '')).toBe(false);
  });

  it('have room for 64 MiB of waiting bodies', () => {
    for (let n = 0; n < 8; n++) take(`t${n}`, 32, MiB / 4);
    expect(holdings.isFull()).toBe(true);
    attempt(Array.from({ length: 32 }, (_, n) => `t0-${n}`));
    expect(holdings.isFull()).toBe(false);
  });
});

it('counts an event once that is attempted or forgotten twice', () => {
  const ids = take('a', 100);
  for (const id of [...ids, ...ids]) holdings.freeShare(id);
  for (const id of [...ids, ...ids, 'never known']) holdings.forget(id);
  take('a', 63);
  expect(holdings.crowded()).toEqual([]);
});
