import { describe, expect, it } from 'vitest';
import { endpointChange, newEndpoint, secretRotation } from '../../src/domain/endpoint.ts';
import { secretText } from '../../src/domain/secret.ts';

const url = 'https://example.com/hook';
const secretOf = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`;

describe('a new endpoint', () => {
  it('needs a URL and nothing else', () => {
    expect(newEndpoint.safeParse({ url }).success).toBe(true);
    expect(newEndpoint.safeParse({}).success).toBe(false);
  });

  it.each([
    ['eventTypes', { eventTypes: ['order.*', '*', 'order.created'] }, true],
    ['eventTypes', { eventTypes: ['*.created'] }, false],
    ['eventTypes', { eventTypes: 'order.*' }, false],
    ['channels', { channels: ['a b'] }, false],
    ['headers', { headers: { 'X-Api-Key': 'abc' } }, true],
    ['headers', { headers: { 'Content-Length': '1' } }, false],
    ['headers', { headers: { 'HTTP2-Settings': 'AAMAAABkAAQCAAAAAAIAAAAA' } }, false],
    ['headers', { headers: { 'webhook-id': '1' } }, false],
    ['headers', { headers: { 'a b': '1' } }, false],
    ['headers', { headers: { a: 'x\r\nb: y' } }, false],
    ['headers', { headers: { a: 'é' } }, false],
    ['timeoutMs', { timeoutMs: 999 }, false],
    ['timeoutMs', { timeoutMs: 30_000 }, true],
    ['timeoutMs', { timeoutMs: 30_001 }, false],
    ['maxInFlight', { maxInFlight: 0 }, false],
    ['retry', { retry: { schedule: ['1m', '2h'] } }, true],
    ['retry', { retry: { initial: '1s', factor: 2, max: '1m', attempts: 5 } }, true],
    ['retry', { retry: { schedule: ['5d'] } }, false],
    ['retry', { retry: { schedule: [] } }, false],
    ['retry', { retry: { schedule: ['1m'], attempts: 3 } }, false],
    ['description', { description: 'a\0' }, false],
    ['url', { url: 'https://example.com/a b' }, false],
    ['url', { url: 'https://example.com/\0' }, false],
    ['url', { url: 'https://example.com/\ud800' }, false],
    ['url', { url: `https://example.com/${'x'.repeat(2_000)}` }, false],
    ['rateLimit', { rateLimit: { perSecond: 1 } }, true],
    ['perSecond', { perSecond: 1 }, false],
  ])('with %s %j: %s', (_, settings, accepted) => {
    expect(newEndpoint.safeParse({ url, ...settings }).success).toBe(accepted);
  });

  it('is changed field by field, and set back to defaults by null', () => {
    expect(endpointChange.safeParse({}).success).toBe(true);
    expect(endpointChange.safeParse({ retry: null, maxInFlight: null }).success).toBe(true);
    expect(endpointChange.safeParse({ secret: secretOf(32) }).success).toBe(false);
    expect(endpointChange.safeParse({ url: null }).success).toBe(false);
  });
});

describe('a secret', () => {
  it.each([
    [23, false],
    [24, true],
    [25, true],
    [32, true],
    [63, true],
    [64, true],
    [65, false],
  ])('of %i bytes: %s', (bytes, accepted) => {
    expect(secretText.safeParse(secretOf(bytes)).success).toBe(accepted);
  });

  it.each(['whsec_', 'abc', `${secretOf(32)} `, secretOf(32).slice(6), `whsec_${'*'.repeat(44)}`])('is not %j', (text) => {
    expect(secretText.safeParse(text).success).toBe(false);
  });

  it('rotates with an overlap of up to 7 days', () => {
    expect(secretRotation.safeParse({}).success).toBe(true);
    expect(secretRotation.safeParse({ overlap: '7d' }).success).toBe(true);
    expect(secretRotation.safeParse({ overlap: '8d' }).success).toBe(false);
    expect(secretRotation.safeParse({ overlap: '1 hour' }).success).toBe(false);
  });
});
