// What an answer does to the standing of an endpoint: its allowance, its circuit, and what of it outlives a drain.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TakenLane } from '#db/lanes/lane-ownership';
import type { Outcome } from '#domain/outcome';
import { createEndpointThrottle, type EndpointThrottle } from '#lanes/endpoint-throttle';
import { answerOf } from '../support/answer.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000, toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

const times = { firstProbeMs: 5_000, longestProbeMs: 20_000 };
const most = 16;
const type = 'order.created';
const fresh: TakenLane = {
  epoch: 1,
  restedMs: null,
  reason: 'backlog',
  parks: true,
  targetVersion: 1,
  allowance: null,
  circuit: null,
  failingSinceMs: null,
};

/** So many answers to requests that begin one after the other, a millisecond apart. */
function see(standing: EndpointThrottle, said: number | Outcome, count = 1, of = type): void {
  for (let n = 0; n < count; n++) {
    standing.saw(answerOf(said), of, tick(), most);
  }
}

function tick(ms = 1): number {
  vi.setSystemTime(Date.now() + ms);
  return Date.now();
}

/** As the next drain finds it, through the lane's row. */
function handOver(standing: EndpointThrottle): EndpointThrottle {
  const { allowance, circuit, failingSinceMs } = JSON.parse(JSON.stringify(standing.facts(null)));
  return createEndpointThrottle({ ...fresh, allowance, circuit, failingSinceMs }, times);
}

/** Eight at once. */
function ramped(): EndpointThrottle {
  const standing = createEndpointThrottle(fresh, times);
  see(standing, 204, 1 + 2 + 4);
  expect(standing.allowed(most)).toBe(8);
  return standing;
}

function open(): EndpointThrottle {
  const standing = ramped();
  see(standing, 500, 20);
  expect(standing.circuit()).toMatchObject({ state: 'open', refusedProbes: 0, probeAtMs: Date.now() + 5_000 });
  return standing;
}

/** When its next probe is due. */
function toProbe(standing: EndpointThrottle): void {
  const circuit = standing.circuit();
  if (circuit.state === 'open') vi.setSystemTime(Math.max(Date.now(), circuit.probeAtMs));
}

describe('what is sent at once', () => {
  it.each<[number | Outcome, number]>([
    [502, 4],
    [504, 4],
    [503, 4],
    [500, 4],
    [429, 4],
    [408, 4],
    ['timeout', 4],
    ['reset', 4],
    ['connect', 4],
    [400, 8],
    [404, 8],
    [422, 8],
  ])('is eight, and after %s %i', (said, allowed) => {
    const standing = ramped();
    see(standing, said);
    expect(standing.allowed(most)).toBe(allowed);
    expect(standing.allowed(3)).toBe(3);
  });

  it('is halved once by refusals of what was begun before the halving', () => {
    const standing = ramped();
    const startedMs = tick();
    tick();
    for (let n = 0; n < 5; n++) standing.saw(answerOf(503), type, startedMs, most);
    expect(standing.allowed(most)).toBe(4);
    see(standing, 503);
    expect(standing.allowed(most)).toBe(2);
  });
});

describe('the circuit', () => {
  it.each<number | Outcome>([500, 429, 'timeout'])(
    'opens after 20 in a row of %s, not after 19, nor if one was accepted between',
    (said) => {
      const standing = createEndpointThrottle(fresh, times);
      // so many are accepted first that the refused are never more than half of a minute's
      see(standing, 204, 40);
      see(standing, said, 19);
      see(standing, 204);
      see(standing, said, 19);
      expect(standing.circuit().state).toBe('closed');
      see(standing, said);
      expect(standing.circuit()).toMatchObject({ state: 'open' });
      expect(standing.allowed(most)).toBe(1);
    },
  );

  it('closes after three accepted probes in a row, and the ramp begins at 1', () => {
    const standing = open();
    for (const said of [204, 204, 500, 204, 204]) {
      toProbe(standing);
      see(standing, said);
      expect(standing.circuit().state).toBe('open');
      expect(standing.allowed(most)).toBe(1);
    }
    see(standing, 204);
    expect(standing.circuit()).toEqual({ state: 'closed' });
    expect(standing.allowed(most)).toBe(1);
    see(standing, 204);
    expect(standing.allowed(most)).toBe(2);
    // what it refused before counts no more
    see(standing, 500, 19);
    expect(standing.circuit().state).toBe('closed');
  });

  it('takes no late answer to what was begun before it opened for a probe', () => {
    const startedMs = Date.now();
    const standing = open();
    const before = standing.circuit();
    for (let n = 0; n < 5; n++) {
      standing.saw(answerOf(500), type, startedMs, most);
      standing.saw(answerOf(204), type, startedMs, most);
    }
    expect(standing.circuit()).toEqual(before);
    toProbe(standing);
    see(standing, 500);
    expect(standing.circuit()).toMatchObject({ refusedProbes: 1, probeAtMs: Date.now() + 10_000 });
  });

  it('has its pauses doubled up to the longest', () => {
    const standing = open();
    const pauses = [10_000, 20_000, 20_000].map((pause) => {
      toProbe(standing);
      see(standing, 500);
      return [standing.circuit(), Date.now() + pause] as const;
    });
    for (const [circuit, probeAtMs] of pauses) expect(circuit).toMatchObject({ probeAtMs });
  });
});

describe('what one drain has learned', () => {
  it('is what the next one begins with: allowance, refusals in a row, since when it fails', () => {
    const first = ramped();
    see(first, 502, 2);
    const since = first.failingSinceMs();
    const second = handOver(first);
    expect(second.allowed(most)).toBe(first.allowed(most));
    see(second, 502, 17);
    const third = handOver(second);
    expect(third.circuit().state).toBe('closed');
    see(third, 502);
    expect(third.circuit().state).toBe('open');
    expect(third.failingSinceMs()).toBe(since);
    see(third, 502);
    const fourth = handOver(third);
    expect(fourth.circuit()).toMatchObject(third.circuit());
  });

  it('is that all is well after an acceptance', () => {
    const first = ramped();
    see(first, 500, 19);
    expect(first.failingSinceMs()).not.toBeNull();
    see(first, 204);
    expect(first.facts(null)).toMatchObject({ circuit: null, failingSinceMs: null });
    const second = handOver(first);
    see(second, 500, 19);
    expect(second.circuit().state).toBe('closed');
  });
});

describe('an endpoint that is disabled', () => {
  it('is probed when it is said, also by the next drain, and at once when it is enabled', () => {
    const standing = open();
    const probeAtMs = Date.now() + 3_600_000;
    standing.disabled(probeAtMs);
    const next = handOver(standing);
    expect(next.circuit()).toMatchObject({ state: 'open', probeAtMs });
    next.enabled();
    expect(next.circuit()).toMatchObject({ state: 'open', probeAtMs: Date.now() });
    // it was told that already
    const later = Date.now();
    tick(1_000);
    next.enabled();
    expect(next.circuit()).toMatchObject({ probeAtMs: later });
  });

  it('is only probed, though its circuit was closed', () => {
    const standing = ramped();
    standing.disabled(Date.now() + 1_000);
    expect(standing.circuit()).toMatchObject({ state: 'open', probeAtMs: Date.now() + 1_000 });
    expect(standing.allowed(most)).toBe(1);
  });

  it('that is open and never was disabled keeps the times of its circuit when it is enabled', () => {
    const standing = open();
    const before = standing.circuit();
    standing.enabled();
    expect(standing.circuit()).toEqual(before);
  });
});

it("an endpoint that rested by somebody else's will begins anew, slowly", () => {
  const standing = ramped();
  see(standing, 500);
  standing.resetThrottle();
  expect(standing.allowed(most)).toBe(1);
  expect(standing.failingSinceMs()).toBeNull();
});
