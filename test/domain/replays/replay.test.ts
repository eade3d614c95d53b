import { describe, expect, it } from 'vitest';
import { estimatedMs, newReplay, replayProblems, resultOf, selectionOf } from '#domain/replays/replay';

const now = Date.parse('2026-03-02T00:00:00Z');
const since = '2026-03-01T00:00:00Z';

describe('what a request selects', () => {
  it.each([
    [{}, { statuses: ['dead_lettered'], target: 'frozen', until: '2026-03-02T00:00:00.000Z' }],
    [{ neverAttempted: true }, { statuses: [], target: 'current' }],
    [
      { neverAttempted: true, status: ['dead_lettered'] },
      { statuses: ['dead_lettered'], neverAttempted: true, target: 'current' },
    ],
    [{ status: ['succeeded', 'dead_lettered', 'succeeded'], target: 'current' }, { statuses: ['dead_lettered', 'succeeded'] }],
    [{ until: '2026-03-01T23:00:00+01:00' }, { until: '2026-03-01T22:00:00.000Z' }],
    [{ until: '2999-01-01T00:00:00Z' }, { until: '2026-03-02T00:00:00.000Z' }],
  ])('%j', (more, selection) => {
    expect(selectionOf({ since, ...more } as never, now)).toMatchObject(selection);
  });
});

describe('what is refused', () => {
  it.each([
    [{ until: since }, 'until'],
    [{ until: '2026-02-01T00:00:00Z' }, 'until'],
    [{ since: '2026-03-02T00:00:00Z' }, 'since'],
    [{ neverAttempted: true, target: 'frozen' }, 'target'],
    [{ since: undefined }, 'since'],
    [{ neverAttempted: true, deliveries: ['dlv_1'] }, 'neverAttempted'],
  ])('%j', (more, path) => {
    expect(replayProblems({ since, ...more } as never, now).map((problem) => problem.path)).toEqual([path]);
  });

  it.each([
    [{ since: 'yesterday' }, 'since'],
    [{ since, status: ['cancelled'] }, 'status'],
    [{ since, status: [] }, 'status'],
    [{ since, types: ['*.order'] }, 'types'],
    [{ since, perSecond: 0 }, 'perSecond'],
    [{ since, perSecond: 1_001 }, 'perSecond'],
    [{ since, endpoint: 'ep_1' }, 'endpoint'],
    [{ since, target: 'both' }, 'target'],
  ])('%j', (asked, path) => {
    const { error } = newReplay.safeParse(asked);
    expect([...new Set(error?.issues.map((issue) => issue.path[0]))]).toEqual([path]);
  });
});

it.each([
  ['succeeded', 1, 'succeeded', 'succeeded'],
  ['pending', 0, 'due', 'due'],
  ['held', 0, 'open', 'open'],
  ['retrying', 1, 'open', 'failed'],
  ['held', 1, 'open', 'failed'],
  ['dead_lettered', 3, 'failed', 'failed'],
  ['cancelled', 0, 'failed', 'failed'],
] as const)('the result of a replayed delivery that is %s after %i attempts is %s, in the end %s', (status, attempts, result, last) => {
  expect([resultOf({ status, attempts }, false), resultOf({ status, attempts }, true)]).toEqual([result, last]);
});

it.each([
  [1_000, 0, 10, null, 100_000],
  [1_000, 500, 10, 5, 100_000],
  [1_000, 500, 10, 20, 50_000],
  [1_000, 1_000, 10, 10, 0],
])('of %i, %i done, at %i a second and measured %s: %i ms', (matched, done, perSecond, rate, ms) => {
  expect(estimatedMs(matched, done, perSecond, rate)).toBe(ms);
});
