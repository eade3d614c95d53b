import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRecordings, defaultBounds, type RecordedRequest } from '#sandbox/recordings';

function request(webhookId: string, body = ''): RecordedRequest {
  const rest = {
    receivedAt: '2026-01-01T00:00:00.000Z',
    method: 'POST',
    delivery: null,
    attempt: 1,
    signature: 'valid',
    statusAnswered: 200,
    headers: {},
  };
  return { ...rest, webhookId, body, bodyBytes: body.length };
}

const small = { sandboxes: 3, requestsPerSandbox: 4, eventsPerSandbox: 5, bytes: 20_000 };

describe('recordings', () => {
  it('are newest first, and the oldest is dropped when there are too many', () => {
    const recordings = createRecordings(small);
    for (const id of ['1', '2', '3', '4', '5']) recordings.record('a', request(id));
    expect(recordings.requestsOf('a').map(({ webhookId }) => webhookId)).toEqual(['5', '4', '3', '2']);
  });

  it('drop the least recently used sandbox; a read counts as a use', () => {
    const recordings = createRecordings(small);
    for (const sandbox of ['a', 'b', 'c']) recordings.record(sandbox, request(sandbox));
    recordings.requestsOf('a');
    recordings.record('d', request('d'));
    expect(['a', 'b', 'c', 'd'].map((sandbox) => recordings.requestsOf(sandbox).length)).toEqual([1, 0, 1, 1]);
  });

  it('drop other sandboxes, then the oldest requests of this one, when memory is full', () => {
    const recordings = createRecordings(small);
    recordings.record('a', request('a', 'x'.repeat(5_000)));
    recordings.record('b', request('b', 'x'.repeat(5_000)));
    expect([recordings.requestsOf('a').length, recordings.requestsOf('b').length]).toEqual([0, 1]);
    recordings.record('b', request('c', 'x'.repeat(5_000)));
    expect(recordings.requestsOf('b').map(({ webhookId }) => webhookId)).toEqual(['c']);
  });

  it('count the attempts of each event separately, and forget the least recently seen event', () => {
    const recordings = createRecordings(small);
    expect(['x', 'y', 'x', 'x'].map((event) => recordings.countAttempt('a', event))).toEqual([1, 1, 2, 3]);
    expect(recordings.countAttempt('b', 'x')).toBe(1);
    for (const event of ['1', '2', '3', '4']) recordings.countAttempt('a', event);
    expect(recordings.countAttempt('a', 'x')).toBe(4);
    expect(recordings.countAttempt('a', 'y')).toBe(1);
  });

  it('forget a sandbox completely', () => {
    const recordings = createRecordings(small);
    recordings.record('a', request('1'));
    recordings.countAttempt('a', '1');
    recordings.forget('a');
    recordings.forget('never seen');
    expect(recordings.requestsOf('a')).toEqual([]);
    expect(recordings.countAttempt('a', '1')).toBe(1);
  });

  it('stay within every limit, and use no memory after everything is forgotten', () => {
    const sandbox = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const step = fc.oneof(
      fc.record({ does: fc.constant('record' as const), sandbox, size: fc.nat({ max: 12_000 }) }),
      fc.record({ does: fc.constant('count' as const), sandbox, event: fc.string({ maxLength: 200 }) }),
      fc.record({ does: fc.constantFrom('read' as const, 'forget' as const), sandbox }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const recordings = createRecordings(small);
        for (const one of steps) {
          if (one.does === 'record') recordings.record(one.sandbox, request('1', 'x'.repeat(one.size)));
          else if (one.does === 'count') recordings.countAttempt(one.sandbox, one.event);
          else if (one.does === 'read') expect(recordings.requestsOf(one.sandbox).length).toBeLessThanOrEqual(4);
          else recordings.forget(one.sandbox);
          expect(recordings.bytesKept()).toBeLessThanOrEqual(small.bytes);
        }
        for (const id of ['a', 'b', 'c', 'd', 'e']) recordings.forget(id);
        expect(recordings.bytesKept()).toBe(0);
      }),
    );
  });

  it('have the documented limits', () => {
    expect(defaultBounds).toMatchObject({ sandboxes: 1_000, requestsPerSandbox: 100, bytes: 64 * 1024 * 1024 });
  });
});
