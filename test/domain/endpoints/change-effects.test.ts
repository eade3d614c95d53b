// What a change of an endpoint would do, in sentences.
import { describe, expect, it } from 'vitest';
import { endpointExample } from '#api/examples/endpoints';
import type { EffectFacts, EndpointChange } from '#domain/endpoints/change-effect';
import { changeEffects } from '#domain/endpoints/change-effects';
import { type Endpoint, endpointChange } from '#domain/endpoints/endpoint';

const facts: EffectFacts = {
  held: 0,
  heldIsMore: false,
  isFailing: false,
  busiestMinute: 0,
  p50Ms: null,
  p99Ms: null,
  defaultRetry: { schedule: ['5s', '1m', '1h'] },
};

const effects = (change: EndpointChange, known: Partial<EffectFacts> = {}, before: Partial<Endpoint> = {}) =>
  changeEffects({ ...endpointExample, ...before }, change, { ...facts, ...known });
const effect = (...given: Parameters<typeof effects>) => effects(...given)[0];

describe('the effects of a change', () => {
  it('are none where nothing changes, whatever the order of keys', () => {
    expect(effects({ url: endpointExample.url, timeoutMs: 15_000, rateLimit: null, verification: 'none' })).toEqual([]);
    const auth = { type: 'basic', username: 'a', password: '***' } as const;
    expect(effects({ auth: { password: '***', username: 'a', type: 'basic' } }, {}, { auth })).toEqual([]);
  });

  it('are told of every setting that can change', () => {
    const set = Object.keys(endpointChange.shape) as (keyof EndpointChange)[];
    for (const name of set) {
      const before = {
        ...endpointExample,
        [name]: name === 'retry' ? { schedule: ['1s'] } : 'as it was',
        verification: { ...endpointExample.verification, method: 'echo' as const },
      };
      const [told] = changeEffects(before, { [name]: nullable.has(name) ? null : name === 'verification' ? 'none' : [] }, facts);
      expect(told, name).toMatchObject({ path: name, effect: expect.stringMatching(/^[A-Z].*\.$/) });
    }
  });

  it('of a rate limit: how long the backlog takes, and whether it would have been too low', () => {
    expect(effect({ rateLimit: { perSecond: 10 } }, { held: 412, busiestMinute: 600 })).toEqual({
      path: 'rateLimit',
      effect: 'At most 10 requests a second, and 1 request at once after an idle time. The 412 held deliveries need at least 41 s.',
      caution: false,
    });
    expect(effect({ rateLimit: { perSecond: 10 } }, { busiestMinute: 1_201 })).toMatchObject({
      effect: expect.stringContaining('it got 1,201 deliveries, more than this limit allows'),
      caution: true,
    });
  });

  it('of a timeout: whether requests of the last day would have failed', () => {
    expect(effect({ timeoutMs: 2_000 }, { p99Ms: 2_400 })).toMatchObject({
      effect: expect.stringContaining('took 2.4 s or longer'),
      caution: true,
    });
    expect(effect({ timeoutMs: 2_000 }, { p99Ms: 900 })?.caution).toBe(false);
  });

  it('of a retry schedule: how often and how long, and whether that is shorter', () => {
    expect(effect({ retry: { schedule: ['1m', '2m'] } })).toMatchObject({
      effect: expect.stringMatching(/attempted 3 times within 3 min.*shorter than now \(61 min\)/),
      caution: true,
    });
    expect(effect({ retry: { schedule: ['1d', '2d'] } })).toMatchObject({
      effect: expect.stringContaining('within 3 days'),
      caution: false,
    });
  });

  it('of an order: the pause, the sequence numbers, and whether one after the other is too slow', () => {
    const told = effect({ ordering: 'endpoint' }, { held: 3, p50Ms: 200, busiestMinute: 600 })?.effect;
    expect(told).toContain('Nothing is sent for 18 s');
    expect(told).toContain('The 3 held deliveries get new sequence numbers.');
    expect(told).toContain('it got 600 deliveries; one after the other, at 200 ms each, 300 are possible.');
    expect(effect({ onDeadLetter: 'block' })?.effect).toContain('no effect');
    expect(effect({ onDeadLetter: 'block' }, {}, { ordering: 'key' })?.caution).toBe(true);
  });

  it('of a URL: what is forgotten, opened and held', () => {
    const change = { url: 'https://new.example.com/' };
    expect(effect(change)?.effect).not.toContain('Retry-After');
    expect(effect(change, { isFailing: true })?.effect).toContain('Its circuit is closed and a Retry-After ends');
    expect(effect(change, {}, { gate: 'disabled' })?.effect).toContain('enabled again');
    expect(effect({ ...change, verification: 'echo' })).toMatchObject({ effect: expect.stringContaining('held until'), caution: true });
  });
});

const nullable = new Set(
  Object.entries(endpointChange.shape)
    .filter(([, schema]) => schema.safeParse(null).success)
    .map(([name]) => name),
);
