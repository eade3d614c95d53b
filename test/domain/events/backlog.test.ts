// The backlog estimate for backpressure: never too low for events of this process, and correct
// again after each count.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BacklogEstimate } from '#domain/events/backlog';

const count = (atMs: number, byTenant: Record<string, number>, more = 0) => ({
  atMs,
  inAll: Object.values(byTenant).reduce((sum, n) => sum + n, more),
  byTenant: new Map(Object.entries(byTenant)),
});

/** An estimate right after a count. */
function estimateOf(byTenant: Record<string, number>, limits = { perTenant: 10, inAll: 25 }) {
  const estimate = new BacklogEstimate(limits);
  estimate.countBegins();
  estimate.counted(count(0, byTenant));
  return estimate;
}

describe('admission', () => {
  it('follows the limit of the tenant and the limit for all tenants', () => {
    const estimate = estimateOf({ full: 10, nearly: 9 });
    expect(estimate.admit('full', 1, 0)).toMatchObject({ scope: 'tenant' });
    expect(estimate.admit('nearly', 1, 0)).toBeNull();
    expect(estimate.admit('nearly', 1, 0)).toMatchObject({ scope: 'tenant' });
    expect(estimate.admit('empty', 5, 0)).toBeNull();
    expect(estimate.refused()).toEqual({ all: true, tenants: 2 });
    expect(estimate.admit('other', 1, 0)).toMatchObject({ scope: 'all' });
  });

  it('takes a whole request if there is room for one of its events', () => {
    const estimate = estimateOf({ nearly: 9 });
    expect(estimate.admit('nearly', 1_000, 0)).toBeNull();
    expect(estimate.admit('nearly', 1, 0)).not.toBeNull();
  });

  it('no longer counts events that were not stored (duplicates, unknown tenants)', () => {
    const estimate = estimateOf({});
    expect(estimate.admit('a', 10, 0)).toBeNull();
    expect(estimate.refuses()).toBe(true);
    estimate.countStored('a', 10, 9);
    expect(estimate.admit('a', 1, 0)).toBeNull();
    expect(estimate.refuses()).toBe(true);
  });

  it('counts events that are stored while a count of the outbox runs', () => {
    const estimate = estimateOf({});
    estimate.admit('before', 10, 0);
    estimate.countBegins();
    estimate.countStored('before', 10, 10);
    estimate.admit('during', 10, 1);
    estimate.counted(count(1, {}));
    expect(estimate.refused()).toEqual({ all: false, tenants: 2 });
    estimate.countStored('during', 10, 10);
    estimate.countBegins();
    estimate.counted(count(2, {}));
    expect(estimate.refused()).toEqual({ all: false, tenants: 0 });
  });

  it('stays within the limits in any sequence, and refuses nothing because of events that left before a count', () => {
    const kind = fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom('admit', 'commit', 'settle') },
      { weight: 2, arbitrary: fc.constantFrom('leave', 'begin', 'look', 'end') },
    );
    const steps = fc.array(fc.tuple(kind, fc.constantFrom('a', 'b')), { minLength: 50, maxLength: 200 });
    fc.assert(
      fc.property(steps, (steps) => {
        const world = createWorld({ perTenant: 2, inAll: 3 });
        for (const [kind, tenant] of steps) world[kind](tenant);
        world.commitAndLeave();
        for (const tenant of ['a', 'b']) expect(world.estimate.admit(tenant, 1, 0)).toBeNull();
      }),
      { numRuns: 500 },
    );
  });
});

/** A process with its outbox and its counts. Throws if more events wait than the limits allow. */
function createWorld(limits: { perTenant: number; inAll: number }) {
  const estimate = new BacklogEstimate(limits);
  const admitted: string[] = [];
  const committed: string[] = [];
  let outbox: string[] = [];
  let seen: string[] | null = null;
  let counting = false;
  const removeOne = (from: string[], tenant: string) => {
    const index = from.indexOf(tenant);
    if (index >= 0) from.splice(index, 1);
    return index >= 0;
  };
  const world = {
    estimate,
    admit(tenant: string) {
      if (estimate.admit(tenant, 1, 0) === null) admitted.push(tenant);
    },
    commit(tenant: string) {
      if (!removeOne(admitted, tenant)) return;
      committed.push(tenant);
      outbox.push(tenant);
      expect(outbox.filter((other) => other === tenant).length).toBeLessThanOrEqual(limits.perTenant);
      expect(outbox.length).toBeLessThanOrEqual(limits.inAll);
    },
    settle(tenant: string) {
      if (removeOne(committed, tenant)) estimate.countStored(tenant, 1, 1);
    },
    leave: (tenant: string) => void removeOne(outbox, tenant),
    begin() {
      if (!counting) estimate.countBegins();
      counting = true;
    },
    look() {
      if (counting) seen ??= [...outbox];
    },
    end() {
      if (!counting) return;
      const tenants = [...new Set(seen ?? outbox)];
      const rows = seen ?? outbox;
      estimate.counted(count(0, Object.fromEntries(tenants.map((tenant) => [tenant, rows.filter((row) => row === tenant).length]))));
      counting = false;
      seen = null;
    },
    commitAndLeave() {
      for (const tenant of [...admitted]) world.commit(tenant);
      for (const tenant of [...committed]) world.settle(tenant);
      outbox = [];
      world.end();
      world.begin();
      world.end();
    },
  };
  return world;
}

describe('a failed count', () => {
  it('keeps the last count for 5 s, and then admits everything', () => {
    const estimate = estimateOf({ a: 10 });
    estimate.countBegins();
    estimate.countFailed(5_000);
    expect(estimate.admit('a', 1, 5_000)).not.toBeNull();
    estimate.countBegins();
    estimate.countFailed(5_001);
    expect(estimate.admit('a', 1, 5_001)).toBeNull();
  });

  it('keeps the events that were stored while it ran', () => {
    const estimate = estimateOf({});
    estimate.countBegins();
    estimate.admit('a', 10, 1);
    estimate.countStored('a', 10, 10);
    estimate.countFailed(2);
    expect(estimate.admit('a', 1, 3)).not.toBeNull();
  });
});

describe('Retry-After', () => {
  const secondsAfter = (then: number, now: number, limits = { perTenant: 100, inAll: 1_000 }) => {
    const estimate = estimateOf({ a: then }, limits);
    estimate.countBegins();
    estimate.counted(count(2_000, { a: now }));
    return estimate.admit('a', 1, 2_000)?.retryAfterSeconds;
  };

  it.each([
    ['the time until a tenth is free, at the rate of the last two counts', 130, 120, 6],
    ['1 s at least', 1_000, 100, 1],
    ['60 s at most', 1_000, 999, 60],
    ['5 s when the backlog grows', 110, 120, 5],
    ['5 s when the backlog stays the same', 120, 120, 5],
  ])('is %s', (_, then, now, seconds) => {
    expect(secondsAfter(then, now, { perTenant: 100, inAll: 10_000 })).toBe(seconds);
    expect(secondsAfter(then, now, { perTenant: 10_000, inAll: 100 })).toBe(seconds);
  });

  it('is 5 s after the first count, and 1 s if the last count is old', () => {
    expect(estimateOf({ a: 10 }).admit('a', 1, 100)?.retryAfterSeconds).toBe(5);
    expect(estimateOf({ a: 10 }).admit('a', 1, 5_001)?.retryAfterSeconds).toBe(1);
  });
});
