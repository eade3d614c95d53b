// W3C trace context: which headers are taken, how they are kept, and how they are sent.
import { describe, expect, it } from 'vitest';
import { readTraceContext, traceHeaders, traceIdOf } from '#domain/events/trace-context';

const ids = '0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const traceparent = `00-${ids}`;

describe('a trace context', () => {
  it('is read, kept as one text, and sent as it came', () => {
    for (const tracestate of [undefined, 'vendor=1', 'a=1,b=2', 'a=1, b=x y']) {
      const kept = readTraceContext(traceparent, tracestate) ?? '';
      expect(traceHeaders(kept)).toEqual({ traceparent, ...(tracestate !== undefined && { tracestate }) });
      expect(traceIdOf(kept)).toBe('0af7651916cd43dd8448eb211c80319c');
    }
  });

  it('of a later version is sent on as version 00, without what it added', () => {
    expect(readTraceContext(`01-${ids}`)).toBe(traceparent);
    expect(readTraceContext(`cc-${ids}-what-is-new`)).toBe(traceparent);
  });

  it.each([
    undefined,
    '',
    'rubbish',
    `00-${ids}-more`,
    `ff-${ids}`,
    `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
    `00-0af7651916cd43dd8448eb211c80319c-${'0'.repeat(16)}-01`,
    traceparent.toUpperCase(),
    `${traceparent}, ${traceparent}`,
    ` ${traceparent}`,
    `00-${ids}\n`,
  ])('is ignored if traceparent is %j', (bad) => {
    expect(readTraceContext(bad, 'vendor=1')).toBeNull();
  });

  it.each(['', ' ', 'a'.repeat(513), 'a=é', 'a=1\r\nx: y'])('is taken without a tracestate of %j', (bad) => {
    expect(readTraceContext(traceparent, bad)).toBe(traceparent);
  });

  it('has at most one line of 568 characters', () => {
    expect(readTraceContext(traceparent, ['a'.repeat(256), 'b'.repeat(255)])).toHaveLength(568);
  });
});
