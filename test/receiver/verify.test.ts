import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { verify, WebhookVerificationError } from '#receiver';

const secret = `whsec_${Buffer.from('a secret of twenty-four bytes').toString('base64')}`;
const otherSecret = `whsec_${Buffer.from('quite another secret, as long').toString('base64')}`;
const now = 1_790_000_000_000;
const text = '{"type":"order.created","timestamp":"2026-09-21T00:00:00Z","data":{"naïve":1.10}}';

const body = (content: string) => new TextEncoder().encode(content);

function signed({ id = 'evt_1', at = now, content = text, by = [secret] } = {}) {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at / 1_000)),
    'webhook-signature': by.map((one) => new Webhook(one).sign(id, new Date(at), content)).join(' '),
  };
}

function reasonOf(run: () => unknown): string {
  try {
    run();
    return 'valid';
  } catch (error) {
    if (error instanceof WebhookVerificationError) return error.reason;
    throw error;
  }
}

const check = (headers: Parameters<typeof verify>[1], { content = text, secrets = [secret], at = now } = {}) =>
  reasonOf(() => verify(body(content), headers, secrets, { now: at }));

describe('verify', () => {
  it('accepts signatures of the standardwebhooks package, and returns id and time', () => {
    const verified = verify(body(text), signed(), [secret], { now });
    expect(verified).toEqual({ id: 'evt_1', timestamp: new Date(now), test: false, idIsSigned: true });
    expect(verify(text, signed({ id: 'test_1' }), secret, { now: new Date(now) }).test).toBe(true);
  });

  it('accepts any body, id and secret', () => {
    const bytes = fc.uint8Array({ minLength: 24, maxLength: 64 });
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.stringMatching(/^[A-Za-z0-9_-]{1,128}$/), bytes, (content, id, key) => {
        const own = `whsec_${Buffer.from(key).toString('base64')}`;
        expect(check(signed({ id, content, by: [own] }), { content, secrets: [own] })).toBe('valid');
      }),
    );
  });

  it('verifies bytes, not text: a body that is not UTF-8 is accepted', () => {
    const bytes = Uint8Array.from([0xff, 0x00, 0xfe, 0x7b]);
    const headers = signed();
    const key = Buffer.from(secret.slice(6), 'base64');
    headers['webhook-signature'] =
      `v1,${createHmac('sha256', key).update(`evt_1.${headers['webhook-timestamp']}.`).update(bytes).digest('base64')}`;
    expect(reasonOf(() => verify(bytes, headers, [secret], { now }))).toBe('valid');
  });

  it('accepts headers in any case, as Headers or as a plain object', () => {
    const upper = Object.fromEntries(Object.entries(signed()).map(([name, value]) => [name.toUpperCase(), value]));
    expect(check(upper)).toBe('valid');
    expect(check(new Headers(signed()))).toBe('valid');
  });

  it.each([
    ['the sender rotates: both sign, the receiver has the old secret', [otherSecret, secret], [secret], 'valid'],
    ['the sender rotates: both sign, the receiver has the new secret', [otherSecret, secret], [otherSecret], 'valid'],
    ['the receiver rotates: it has both secrets', [secret], [otherSecret, secret], 'valid'],
    ['no common secret', [otherSecret], [secret], 'no_match'],
  ])('%s', (_name, by, secrets, verdict) => {
    expect(check(signed({ by }), { secrets })).toBe(verdict);
  });

  it('accepts a secret without its prefix, and skips unknown schemes', () => {
    const headers = signed();
    headers['webhook-signature'] = `v1a,AAAA v2,BBBB ${headers['webhook-signature']}`;
    expect(check(headers, { secrets: [secret.slice('whsec_'.length)] })).toBe('valid');
    expect(check({ ...headers, 'webhook-signature': headers['webhook-signature'].replace(' v1,', ' v1a,') })).toBe('no_match');
  });

  it.each([
    ['exactly at the tolerance, old', 300, 'valid'],
    ['a second older', 301, 'timestamp_too_old'],
    ['exactly at the tolerance, new', -300, 'valid'],
    ['a second newer', -301, 'timestamp_too_new'],
  ])('checks the timestamp: %s', (_name, seconds, verdict) => {
    expect(check(signed(), { at: now + seconds * 1_000 })).toBe(verdict);
  });

  it.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])('refuses a request without %s', (name) => {
    expect(check({ ...signed(), [name]: undefined })).toBe('missing_header');
    expect(check({ ...signed(), [name]: '' })).toBe('missing_header');
    expect(check({ ...signed(), [name]: ['a', 'b'] })).toBe('malformed_header');
  });

  it.each([
    ['not a number', 'soon'],
    ['a fraction', '1790000000.5'],
    ['negative', '-1790000000'],
    ['in milliseconds', String(now)],
    ['padded with a zero', '01790000000'],
  ])('refuses a timestamp that is %s', (_name, timestamp) => {
    expect(check({ ...signed(), 'webhook-timestamp': timestamp })).toBe('malformed_header');
  });

  it('refuses an id with a dot, because one signature would be valid for two messages', () => {
    expect(check(signed({ id: 'evt.1' }))).toBe('malformed_header');
  });

  it.each([
    ['none', []],
    ['only ones that are not set', [undefined, ''] as never],
    ['an empty one', ['whsec_']],
    ['no base64', ['whsec_***']],
  ])('refuses bad secrets: %s', (_name, secrets) => {
    expect(check(signed(), { secrets })).toBe('bad_secret');
  });

  it('refuses every tampered byte of the body, the id and the signature', () => {
    const part = fc.constantFrom('body', 'webhook-id', 'webhook-signature');
    fc.assert(
      fc.property(part, fc.nat(), fc.integer({ min: 33, max: 126 }), (name, where, code) => {
        const headers: Record<string, string> = signed();
        const original = name === 'body' ? text : (headers[name] ?? '');
        const at = where % original.length;
        const tampered = original.slice(0, at) + String.fromCharCode(code) + original.slice(at + 1);
        fc.pre(tampered !== original);
        if (name !== 'body') headers[name] = tampered;
        expect(check(headers, { content: name === 'body' ? tampered : text })).not.toBe('valid');
      }),
    );
  });

  it('throws only WebhookVerificationError, for any headers and secrets', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('v1,', 'v1,,', ' ', '1790000000', 'v1,AAAA'),
      fc.array(fc.string()),
      fc.constant(undefined),
    );
    const headers = fc.oneof(
      fc.dictionary(fc.string(), value),
      fc.record({ 'webhook-id': value, 'webhook-timestamp': value, 'webhook-signature': value }),
      fc.record({ 'webhook-id': value, 'webhook-signature': value }).map((some) => ({ ...signed(), ...some })),
    );
    fc.assert(
      fc.property(headers, fc.array(fc.oneof(fc.string(), fc.constant(secret))), fc.uint8Array(), (some, secrets, bytes) => {
        expect(reasonOf(() => verify(bytes, some, secrets, { now }))).not.toBe('valid');
      }),
    );
  });
});
