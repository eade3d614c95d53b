// Endpoint settings that need a lane: which values and combinations are valid.
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { autoRecover, batch, coalesceMs, laneSettingsProblems, onDeadLetter, ordering, rateLimit } from '#domain/lanes/lane-settings';

const settings = z.strictObject({ rateLimit, ordering, onDeadLetter, batch, coalesceMs, autoRecover }).partial();

describe('a setting', () => {
  it.each([
    [{ rateLimit: { perSecond: 0.1 } }, true],
    [{ rateLimit: { perSecond: 2.5, burst: 1 } }, true],
    [{ rateLimit: { perSecond: 10_000, burst: 10_000 } }, true],
    [{ rateLimit: { perSecond: 0.09 } }, false],
    [{ rateLimit: { perSecond: 0 } }, false],
    [{ rateLimit: { perSecond: 10_001 } }, false],
    [{ rateLimit: { perSecond: Number.NaN } }, false],
    [{ rateLimit: { perSecond: '10' } }, false],
    [{ rateLimit: { perSecond: 1, burst: 0 } }, false],
    [{ rateLimit: { perSecond: 1, burst: 1.5 } }, false],
    [{ rateLimit: { perSecond: 1, burst: 10_001 } }, false],
    [{ rateLimit: { burst: 1 } }, false],
    [{ rateLimit: { perSecond: 1, perMinute: 60 } }, false],
    [{ ordering: 'none' }, true],
    [{ ordering: 'endpoint' }, true],
    [{ ordering: 'key' }, true],
    [{ ordering: 'tenant' }, false],
    [{ onDeadLetter: 'skip' }, true],
    [{ onDeadLetter: 'block' }, true],
    [{ onDeadLetter: 'stop' }, false],
    [{ batch: { maxEvents: 1, maxWaitMs: 0 } }, true],
    [{ batch: { maxEvents: 1_000, maxWaitMs: 60_000 } }, true],
    [{ batch: { maxEvents: 0, maxWaitMs: 0 } }, false],
    [{ batch: { maxEvents: 1_001, maxWaitMs: 0 } }, false],
    [{ batch: { maxEvents: 10, maxWaitMs: 60_001 } }, false],
    [{ batch: { maxEvents: 10, maxWaitMs: -1 } }, false],
    [{ batch: { maxEvents: 10 } }, false],
    [{ batch: { maxEvents: 10, maxWaitMs: 0, maxBytes: 1 } }, false],
    [{ coalesceMs: 100 }, true],
    [{ coalesceMs: 3_600_000 }, true],
    [{ coalesceMs: 99 }, false],
    [{ coalesceMs: 3_600_001 }, false],
    [{ coalesceMs: 100.5 }, false],
    [{ autoRecover: true }, true],
    [{ autoRecover: 'yes' }, false],
  ])('%j: accepted %s', (asked, accepted) => {
    expect(settings.safeParse(asked).success).toBe(accepted);
  });
});

describe('combinations of settings', () => {
  const some = { maxEvents: 10, maxWaitMs: 1_000 };

  it.each<[Parameters<typeof laneSettingsProblems>[0], string[]]>([
    [{}, []],
    [{ ordering: null, batch: null, coalesceMs: null }, []],
    [{ batch: some, coalesceMs: 1_000 }, []],
    [{ ordering: 'none', batch: some, coalesceMs: 1_000 }, []],
    [{ ordering: 'endpoint', batch: some }, []],
    [{ ordering: 'key', batch: some }, ['batch']],
    [{ ordering: 'key', batch: null }, []],
    [{ ordering: 'endpoint', coalesceMs: 1_000 }, ['coalesceMs']],
    [{ ordering: 'key', coalesceMs: 1_000 }, ['coalesceMs']],
    [{ ordering: 'key', batch: some, coalesceMs: 1_000 }, ['batch', 'coalesceMs']],
  ])('%j: problems with %j', (together, paths) => {
    expect(laneSettingsProblems(together).map(({ path }) => path)).toEqual(paths);
  });
});
