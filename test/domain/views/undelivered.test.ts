// Sums of what is not delivered, by endpoint.
import { expect, it } from 'vitest';
import { sumUndelivered, type UndeliveredPart } from '#domain/views/undelivered';

const part = (endpointId: string, count: number, more: Partial<UndeliveredPart> = {}): UndeliveredPart => ({
  ...{ endpointId, count, status: 'dead_lettered', outcome: 'timeout' },
  ...{ oldestAt: new Date('2026-03-02T10:00:00Z'), changedAt: new Date('2026-03-02T11:00:00Z') },
  ...more,
});

it('has the endpoint with most first, and the most frequent outcome', () => {
  const parts = [
    part('ep_a', 1),
    part('ep_b', 2),
    part('ep_b', 5, { outcome: 'http_status', oldestAt: new Date('2026-03-01T10:00:00Z') }),
    part('ep_b', 3, { status: 'held', outcome: null, changedAt: new Date('2026-03-03T10:00:00Z') }),
  ];
  expect(sumUndelivered(parts, [])).toEqual([
    {
      endpoint: 'ep_b',
      count: 10,
      statuses: [
        { status: 'held', count: 3 },
        { status: 'dead_lettered', count: 7 },
      ],
      outcomes: [
        { outcome: 'http_status', count: 5 },
        { outcome: null, count: 3 },
        { outcome: 'timeout', count: 2 },
      ],
      oldestAt: '2026-03-01T10:00:00.000Z',
      changedAt: '2026-03-03T10:00:00.000Z',
    },
    expect.objectContaining({ endpoint: 'ep_a', count: 1 }),
  ]);
});

it('takes the larger count where not all were looked at, also of an endpoint of which none was', () => {
  const known = [
    { endpointId: 'ep_a', status: 'dead_lettered' as const, count: 40_000 },
    { endpointId: 'ep_b', status: 'dead_lettered' as const, count: 3 },
    { endpointId: 'ep_c', status: 'dead_lettered' as const, count: 9 },
    { endpointId: 'ep_c', status: 'held' as const, count: 0 },
  ];
  const sums = sumUndelivered([part('ep_a', 15_000), part('ep_b', 5_000)], known);
  expect(sums.map(({ endpoint, count }) => [endpoint, count])).toEqual([
    ['ep_a', 40_000],
    ['ep_b', 5_000],
    ['ep_c', 9],
  ]);
  expect(sums[2]).toEqual({
    ...{ endpoint: 'ep_c', count: 9, statuses: [{ status: 'dead_lettered', count: 9 }], outcomes: [] },
    ...{ oldestAt: null, changedAt: null },
  });
});
