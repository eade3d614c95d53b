// How a response changes an endpoint's throttle and circuit, and which of it the next drain gets.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TakenLane } from '#db/lanes/lane-ownership';
import type { Outcome } from '#domain/deliveries/outcome';
import { EndpointThrottle } from '#lanes/endpoint-throttle';
import { answerOf } from '../support/answer.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000, toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

const times = { firstProbeMs: 5_000, longestProbeMs: 20_000 };
const most = 16;
const type = 'order.created';
const fresh: TakenLane = {
  tenantId: 'tnt_0',
  epoch: 1,
  restedMs: null,
  reason: 'backlog',
  parks: true,
  targetVersion: 1,
  allowance: null,
  circuit: null,
  failingSinceMs: null,
};

/** Feeds `count` responses of requests that begin one millisecond apart. */
function see(throttle: EndpointThrottle, said: number | Outcome, count = 1, of = type): void {
  for (let n = 0; n < count; n++) {
    throttle.recordOutcome(answerOf(said), of, tick(), most);
  }
}

function tick(ms = 1): number {
  vi.setSystemTime(Date.now() + ms);
  return Date.now();
}

/** The throttle of the next drain, through the lane's row. */
function handOver(throttle: EndpointThrottle): EndpointThrottle {
  const { allowance, circuit, failingSinceMs } = JSON.parse(JSON.stringify(throttle.facts(null)));
  return new EndpointThrottle({ ...fresh, allowance, circuit, failingSinceMs }, times);
}

/** A throttle that allows eight in flight. */
function ramped(): EndpointThrottle {
  const throttle = new EndpointThrottle(fresh, times);
  see(throttle, 204, 1 + 2 + 4);
  expect(throttle.allowed(most)).toBe(8);
  return throttle;
}

function open(): EndpointThrottle {
  const throttle = ramped();
  see(throttle, 500, 20);
  expect(throttle.circuit()).toMatchObject({ state: 'open', refusedProbes: 0, probeAtMs: Date.now() + 5_000 });
  return throttle;
}

/** Moves the clock to the next probe. */
function toProbe(throttle: EndpointThrottle): void {
  const circuit = throttle.circuit();
  if (circuit.state === 'open') vi.setSystemTime(Math.max(Date.now(), circuit.probeAtMs));
}

describe('the number of requests in flight', () => {
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
  ])('is eight, and after %s it is %i', (said, allowed) => {
    const throttle = ramped();
    see(throttle, said);
    expect(throttle.allowed(most)).toBe(allowed);
    expect(throttle.allowed(3)).toBe(3);
  });

  it('is halved once by failures of requests that began before the halving', () => {
    const throttle = ramped();
    const startedMs = tick();
    tick();
    for (let n = 0; n < 5; n++) throttle.recordOutcome(answerOf(503), type, startedMs, most);
    expect(throttle.allowed(most)).toBe(4);
    see(throttle, 503);
    expect(throttle.allowed(most)).toBe(2);
  });
});

describe('the circuit', () => {
  it.each<number | Outcome>([500, 429, 'timeout'])(
    'opens after 20 of %s in a row, not after 19, and not with an acceptance between',
    (said) => {
      const throttle = new EndpointThrottle(fresh, times);
      // enough acceptances first, so that failures are never more than half of a minute's attempts
      see(throttle, 204, 40);
      see(throttle, said, 19);
      see(throttle, 204);
      see(throttle, said, 19);
      expect(throttle.circuit().state).toBe('closed');
      see(throttle, said);
      expect(throttle.circuit()).toMatchObject({ state: 'open' });
      expect(throttle.allowed(most)).toBe(1);
    },
  );

  it('closes after three accepted probes in a row, and the ramp begins at 1', () => {
    const throttle = open();
    for (const said of [204, 204, 500, 204, 204]) {
      toProbe(throttle);
      see(throttle, said);
      expect(throttle.circuit().state).toBe('open');
      expect(throttle.allowed(most)).toBe(1);
    }
    see(throttle, 204);
    expect(throttle.circuit()).toEqual({ state: 'closed' });
    expect(throttle.allowed(most)).toBe(1);
    see(throttle, 204);
    expect(throttle.allowed(most)).toBe(2);
    // earlier failures no longer count
    see(throttle, 500, 19);
    expect(throttle.circuit().state).toBe('closed');
  });

  it('does not take a late response to an earlier request for a probe', () => {
    const startedMs = Date.now();
    const throttle = open();
    const before = throttle.circuit();
    for (let n = 0; n < 5; n++) {
      throttle.recordOutcome(answerOf(500), type, startedMs, most);
      throttle.recordOutcome(answerOf(204), type, startedMs, most);
    }
    expect(throttle.circuit()).toEqual(before);
    toProbe(throttle);
    see(throttle, 500);
    expect(throttle.circuit()).toMatchObject({ refusedProbes: 1, probeAtMs: Date.now() + 10_000 });
  });

  it('doubles the pause between probes up to the maximum', () => {
    const throttle = open();
    const pauses = [10_000, 20_000, 20_000].map((pause) => {
      toProbe(throttle);
      see(throttle, 500);
      return [throttle.circuit(), Date.now() + pause] as const;
    });
    for (const [circuit, probeAtMs] of pauses) expect(circuit).toMatchObject({ probeAtMs });
  });
});

describe('the facts of one drain', () => {
  it('are what the next one begins with: allowance, failures in a row, since when it fails', () => {
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

  it('show a healthy endpoint after an acceptance', () => {
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
  it('is probed at the given time, also by the next drain, and at once when it is enabled', () => {
    const throttle = open();
    const probeAtMs = Date.now() + 3_600_000;
    throttle.disabled(probeAtMs);
    const next = handOver(throttle);
    expect(next.circuit()).toMatchObject({ state: 'open', probeAtMs });
    next.enabled();
    expect(next.circuit()).toMatchObject({ state: 'open', probeAtMs: Date.now() });
    // the second `enabled` changes nothing
    const later = Date.now();
    tick(1_000);
    next.enabled();
    expect(next.circuit()).toMatchObject({ probeAtMs: later });
  });

  it('gets only probes, even when its circuit was closed', () => {
    const throttle = ramped();
    throttle.disabled(Date.now() + 1_000);
    expect(throttle.circuit()).toMatchObject({ state: 'open', probeAtMs: Date.now() + 1_000 });
    expect(throttle.allowed(most)).toBe(1);
  });

  it('that was never disabled keeps the times of its circuit when it is enabled', () => {
    const throttle = open();
    const before = throttle.circuit();
    throttle.enabled();
    expect(throttle.circuit()).toEqual(before);
  });
});

it('an endpoint that was paused starts again at one request in flight', () => {
  const throttle = ramped();
  see(throttle, 500);
  throttle.resetThrottle();
  expect(throttle.allowed(most)).toBe(1);
  expect(throttle.failingSinceMs()).toBeNull();
});
