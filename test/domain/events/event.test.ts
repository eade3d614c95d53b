import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dataOf, newBatch, newEvent, normalInstant, standardBody, timeProblems } from '#domain/events/event';

const now = Date.UTC(2026, 0, 31, 12);
const at = (ms: number) => new Date(now + ms).toISOString();

describe('a new event', () => {
  it.each([
    ['only a type and data', { type: 'a', data: null }],
    [
      'an event with many fields',
      {
        type: 'order.created',
        data: {},
        id: 'A-z_9',
        channels: ['eu:1'],
        orderingKey: 'k/1',
        version: 2,
        occurredAt: '2026-01-31T12:00:00+02:00',
      },
    ],
    ['data of any kind', { type: 'a', data: [[[]]] }],
  ])('can be %s', (_, event) => {
    expect(newEvent.safeParse(event).success).toBe(true);
  });

  it.each([
    ['type', { data: 1 }],
    ['data', { type: 'a' }],
    ['type', { type: 'a b', data: 1 }],
    ['type', { type: 'a..b', data: 1 }],
    ['type', { type: 'a\0', data: 1 }],
    ['id', { type: 'a', data: 1, id: '' }],
    ['id', { type: 'a', data: 1, id: 'a.b' }],
    ['id', { type: 'a', data: 1, id: 'x'.repeat(129) }],
    ['id', { type: 'a', data: 1, id: null }],
    ['channels', { type: 'a', data: 1, channels: 'eu' }],
    ['channels', { type: 'a', data: 1, channels: ['a,b'] }],
    ['orderingKey', { type: 'a', data: 1, orderingKey: 'a\n' }],
    ['version', { type: 'a', data: 1, version: 0 }],
    ['version', { type: 'a', data: 1, version: 2 ** 31 }],
    ['occurredAt', { type: 'a', data: 1, occurredAt: '2026-02-30T00:00:00Z' }],
    ['occurredAt', { type: 'a', data: 1, occurredAt: '0000-01-01T00:00:00Z' }],
    ['deliverAt', { type: 'a', data: 1, deliverAt: '9999-12-31T23:59:59-12:00' }],
    ['expiresAt', { type: 'a', data: 1, expiresAt: 'tomorrow' }],
    ['subject', { type: 'a', data: 1, subject: '.' }],
    ['subject', { type: 'a', data: 1, subject: '..' }],
  ])('is rejected because of its %s', (field, event) => {
    expect(newEvent.safeParse(event).error?.issues[0]?.path[0]).toBe(field);
  });

  it('can be posted in batches of 1 to 1,000', () => {
    const batch = (length: number) => newBatch.safeParse({ events: Array.from({ length }, () => ({ type: 'a', data: 1 })) });
    expect([0, 1, 1_000, 1_001].map((length) => batch(length).success)).toEqual([false, true, true, false]);
    expect(newBatch.safeParse({ events: Array.from({ length: 100_000 }, () => 0) }).error?.issues).toHaveLength(1);
  });
});

describe('times', () => {
  it.each([
    ['none', {}, []],
    ['due in 30 days', { deliverAt: at(30 * 86_400_000) }, []],
    ['due in more than 30 days', { deliverAt: at(30 * 86_400_000 + 1) }, ['deliverAt']],
    ['due in the past', { deliverAt: at(-1) }, []],
    ['expired', { expiresAt: at(0) }, ['expiresAt']],
    ['expires before it is due', { deliverAt: at(2_000), expiresAt: at(1_000) }, ['expiresAt']],
    ['expires after it is due', { deliverAt: at(1_000), expiresAt: at(2_000) }, []],
  ])('%s', (_, times, paths) => {
    expect(timeProblems({ type: 'a', data: 1, ...times }, now).map(({ path }) => path)).toEqual(paths);
  });

  it('are stored as UTC with milliseconds', () => {
    expect(normalInstant('2026-01-31T12:00:00.123456+02:00')).toBe('2026-01-31T10:00:00.123Z');
  });
});

describe('the standard body', () => {
  it('contains the original text of data, which can be cut out again', () => {
    fc.assert(
      fc.property(fc.json(), (data) => {
        const body = standardBody('order.created', at(0), data);
        expect(JSON.parse(body)).toEqual({ type: 'order.created', timestamp: at(0), data: JSON.parse(data) });
        expect(dataOf(body, 'order.created', at(0))).toBe(data);
      }),
    );
  });
});
