// Endpoint settings: valid values, reserved header names of the connection and the signature, and
// stored credentials, which are kept only for the origin they were given for.
import { describe, expect, it } from 'vitest';
import { endpointChange, newEndpoint, secretRotation } from '#domain/endpoints/endpoint';
import { keepHidden, takenElsewhere, targetProblems, tls } from '#domain/endpoints/endpoint-target';
import { secretText } from '#domain/endpoints/secret';

const url = 'https://example.com/hook';
const secretOf = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`;

describe('a new endpoint', () => {
  it('requires only a URL', () => {
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
    ['headers', { headers: { 'ce-id': '1' } }, false],
    ['headers', { headers: { 'CE-Type': '1' } }, false],
    ['headers', { headers: { 'X-A': '1', 'x-a': '2' } }, false],
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
  ])('with %s %j: accepted %s', (_, settings, accepted) => {
    expect(newEndpoint.safeParse({ url, ...settings }).success).toBe(accepted);
  });

  it('is changed field by field, and null restores the default', () => {
    expect(endpointChange.safeParse({}).success).toBe(true);
    expect(endpointChange.safeParse({ retry: null, maxInFlight: null }).success).toBe(true);
    expect(endpointChange.safeParse({ secret: secretOf(32) }).success).toBe(false);
    expect(endpointChange.safeParse({ url: null }).success).toBe(false);
  });
});

describe('basic authentication', () => {
  it.each([
    ['', 'x', true],
    ['x', '', true],
    ['', '', false],
    ['', '***', false],
  ])('with username %j and password %j, without a stored password: accepted %s', (username, password, accepted) => {
    const auth = { type: 'basic', username, password } as const;
    expect(newEndpoint.safeParse({ url, auth }).success).toBe(true);
    const before = { url, headers: {}, auth: { ...auth, password: '' } };
    expect(targetProblems(keepHidden({ url, headers: {}, auth }, before)).length === 0).toBe(accepted);
  });
});

describe('tls', () => {
  it.each([
    [{ ca: 'x' }, []],
    [{ certificate: 'x', key: '***' }, []],
    [{}, ['certificate']],
    [{ certificate: 'x' }, ['key']],
    [{ key: 'x', ca: 'x' }, ['certificate']],
  ])('%j lacks %j', (given, missing) => {
    expect(tls.safeParse(given).error?.issues.map(({ path }) => path.join('.')) ?? []).toEqual(missing);
  });
});

describe('stored credentials in a change of the URL', () => {
  const before = {
    url: 'https://example.com/hook',
    headers: { 'X-A': '1' },
    auth: { type: 'bearer' as const, token: 'a' },
    tls: { certificate: 'c', key: 'k' },
  };
  const replaced = { auth: null, headers: {}, tls: null };
  it.each([
    [{}, []],
    [{ url: 'https://example.com:443/other' }, []],
    [{ url: 'http://example.com/hook' }, ['auth', 'tls', 'headers']],
    [{ url: 'https://example.com:444/hook' }, ['auth', 'tls', 'headers']],
    [{ url: 'https://sub.example.com/hook', ...replaced }, []],
    [{ url: 'https://other.example/', ...replaced, headers: { 'X-A': '***' } }, ['headers']],
    [{ url: 'https://other.example/', ...replaced, auth: { type: 'bearer' as const, token: '***' } }, ['auth']],
    [{ url: 'https://other.example/', ...replaced, tls: { certificate: 'c', key: '***' } }, ['tls']],
  ])('%j would be sent to another origin: credentials %j', (change, names) => {
    expect(takenElsewhere(change, before)).toEqual(names);
  });

  it('do not exist if the endpoint has none', () => {
    const bare = { url, headers: { 'X-A': '' }, auth: null, tls: { ca: 'x' } };
    expect(takenElsewhere({ url: 'https://other.example/' }, bare)).toEqual([]);
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
  ])('of %i bytes: accepted %s', (bytes, accepted) => {
    expect(secretText.safeParse(secretOf(bytes)).success).toBe(accepted);
  });

  it.each(['whsec_', 'abc', `${secretOf(32)} `, secretOf(32).slice(6), `whsec_${'*'.repeat(44)}`])('cannot be %j', (text) => {
    expect(secretText.safeParse(text).success).toBe(false);
  });

  it('rotates with an overlap of up to 7 days', () => {
    expect(secretRotation.safeParse({}).success).toBe(true);
    expect(secretRotation.safeParse({ overlap: '7d' }).success).toBe(true);
    expect(secretRotation.parse({ overlap: 0 })).toEqual({ overlap: '0s' });
    expect(secretRotation.parse({ overlap: '0' })).toEqual({ overlap: '0s' });
    expect(secretRotation.safeParse({ overlap: 1 }).success).toBe(false);
    expect(secretRotation.safeParse({ overlap: '8d' }).success).toBe(false);
    expect(secretRotation.safeParse({ overlap: '1 hour' }).success).toBe(false);
  });
});
