// When a relay looks for workflows that wait for lanes drained without them: once, a minute after the last such drain, and
// again where Temporal did not answer.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createModeSwitch } from '#domain/events/dispatch-mode';
import { LanesHere } from '#relay/lanes-here';
import { createLogger } from '#runtime/logger';
import { newId } from '#runtime/new-id';
import { TemporalAway } from '#temporal/link';
import { createTestDatabase } from '../support/database.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

it('looks once after lanes were drained in some process, and again if Temporal did not answer', async () => {
  const { db, drop } = await createTestDatabase();
  let isAway = true;
  const lanesHere = new LanesHere({
    db,
    modes: createModeSwitch('individual'),
    waker: { signalSoon: () => undefined },
    drains: { begin: () => true, room: () => 1 },
    isTemporalAway: () => isAway,
    async *openLanes() {
      if (isAway) throw new TemporalAway('away');
      yield [newId('ep')];
    },
    log: createLogger('silent'),
  });
  const { signal } = new AbortController();
  expect([lanesHere.isDue(), lanesHere.mayHaveLeft()]).toEqual([false, false]);
  lanesHere.drain({ endpointId: newId('ep'), tenantId: newId('tnt'), tenant: 'acme', endpointHost: 'hooks.test' });
  expect([lanesHere.isDue(), lanesHere.mayHaveLeft()]).toEqual([true, false]);
  vi.advanceTimersByTime(60_001);
  expect([lanesHere.isDue(), lanesHere.mayHaveLeft()]).toEqual([false, true]);
  await expect(lanesHere.wakeLeft(signal)).rejects.toThrow('away');
  expect(lanesHere.mayHaveLeft()).toBe(false);
  vi.advanceTimersByTime(60_001);
  expect(lanesHere.mayHaveLeft()).toBe(true);
  isAway = false;
  await lanesHere.wakeLeft(signal);
  vi.advanceTimersByTime(3_600_000);
  expect([lanesHere.isDue(), lanesHere.mayHaveLeft()]).toEqual([false, false]);
  await drop();
});
