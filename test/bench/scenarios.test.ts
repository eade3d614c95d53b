// The scenarios of the bench: how they are named, and to which tenants and endpoints their events go.
import { describe, expect, it } from 'vitest';
import { growthScenarios } from '../../bench/growth.ts';
import { type Stream, tenantOf, typeOf } from '../../bench/messages.ts';
import { chosen, scenarios } from '../../bench/scenarios.ts';

const all = [...scenarios({ quick: true, minutes: 1 }), ...growthScenarios({ quick: true })];
const named = (...names: string[]) => chosen(all, names).map(({ name }) => name);

describe('scenarios', () => {
  it('of growth run only if named', () => {
    expect(named().filter((name) => name.startsWith('growth-'))).toEqual([]);
  });

  it('are named by prefix, those of growth also without theirs', () => {
    expect(named('growth')).toHaveLength(10);
    expect(named('tenants')).toEqual(['growth-tenants']);
    expect(named('stored')).toEqual(['growth-stored-burst', 'growth-stored-50', 'growth-stored-5']);
    expect(() => named('store')).toThrow('unknown scenario store');
  });

  it('keep their own names, which those of growth do not take', () => {
    expect(named('fan-out', 'burst')).toEqual(['burst', 'fan-out']);
    expect(named('fan-out-10000')).toEqual(['growth-fan-out-10000']);
  });
});

describe('a stream', () => {
  const stream: Stream = { tenant: 'shop', prefix: 'run', count: 12, tenants: 3, types: 2 };
  const targets = Array.from({ length: stream.count }, (_, n) => `${tenantOf(stream, n)} ${typeOf(stream, n)}`);

  it('visits every endpoint of every tenant in turn, and no tenant twice in a row', () => {
    expect(new Set(targets.slice(0, 6)).size).toBe(6);
    expect(targets.slice(6)).toEqual(targets.slice(0, 6));
    expect(targets.slice(0, 3)).toEqual(['shop-0 bench.type0', 'shop-1 bench.type0', 'shop-2 bench.type0']);
  });

  it('is of one tenant and one type, unless it says otherwise', () => {
    const plain: Stream = { tenant: 'shop', prefix: 'run', count: 2 };
    expect([tenantOf(plain, 1), typeOf(plain, 1)]).toEqual(['shop', 'bench.measured']);
  });
});
