import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { decodeSecret, encodeSecret, InvalidSecret, signStandard } from '#outbound/sign';

const bytes = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 37) % 256);

describe('signStandard', () => {
  it('reproduces the published test vector of Standard Webhooks', () => {
    const signature = signStandard({
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestamp: 1614265330,
      body: Buffer.from('{"test": 2432232314}'),
      secrets: [decodeSecret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')],
    });
    expect(signature).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  it('verifies with the standardwebhooks package, for any UTF-8 body', () => {
    const secret = fc.uint8Array({ minLength: 24, maxLength: 64 });
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), secret, (body, key) => {
        const timestamp = Math.floor(Date.now() / 1_000);
        const signature = signStandard({ id: 'evt_1', timestamp, body: Buffer.from(body), secrets: [key] });
        const headers = { 'webhook-id': 'evt_1', 'webhook-timestamp': String(timestamp), 'webhook-signature': signature };
        expect(() => new Webhook(encodeSecret(key)).verify(Buffer.from(body), headers, { jsonParse: false })).not.toThrow();
      }),
    );
  });

  it('signs with every live secret during a rotation, and each of them verifies', () => {
    const secrets = [bytes(24), bytes(64)];
    const timestamp = Math.floor(Date.now() / 1_000);
    const body = '{"a":1}';
    const signature = signStandard({ id: 'evt_2', timestamp, body: Buffer.from(body), secrets });
    expect(signature).toMatch(/^v1,[A-Za-z0-9+/]{43}= v1,[A-Za-z0-9+/]{43}=$/);
    const headers = { 'webhook-id': 'evt_2', 'webhook-timestamp': String(timestamp), 'webhook-signature': signature };
    for (const secret of secrets) expect(new Webhook(encodeSecret(secret)).verify(body, headers)).toEqual({ a: 1 });
    expect(() => new Webhook(encodeSecret(bytes(32))).verify(body, headers)).toThrow();
  });

  it('signs bytes that are not text', () => {
    const sign = (body: number[]) => signStandard({ id: 'evt_3', timestamp: 1, body: Uint8Array.from(body), secrets: [bytes(24)] });
    expect(sign([0, 0xff, 0xfe])).not.toBe(sign([0, 0xff, 0xfd]));
  });
});

describe('secrets', () => {
  it('convert to text and back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 24, maxLength: 64 }), (secret) => {
        expect(new Uint8Array(decodeSecret(encodeSecret(secret)))).toEqual(secret);
      }),
    );
  });

  const good = encodeSecret(bytes(25));
  it.each([
    ['', 'nothing'],
    [good.slice(6), 'no prefix'],
    [good.replace('whsec_', 'WHSEC_'), 'another prefix'],
    [`${good} `, 'a blank'],
    [`${good}\n`, 'a line break'],
    [good.replace(/=+$/, ''), 'no padding'],
    [`${good}=`, 'too much padding'],
    [`whsec_${'-'.repeat(32)}`, 'base64url'],
    [`whsec_${Buffer.alloc(23).toString('base64')}`, '23 bytes'],
    [`whsec_${Buffer.alloc(65).toString('base64')}`, '65 bytes'],
    [`whsec_${'A'.repeat(33)}B==`, 'bits that are thrown away'],
  ])('%j is refused: %s', (text) => {
    expect(() => decodeSecret(text)).toThrow(InvalidSecret);
  });

  it('of a wrong length are refused, and no error message quotes a secret', () => {
    expect(() => encodeSecret(bytes(23))).toThrow(InvalidSecret);
    expect(() => encodeSecret(bytes(65))).toThrow(InvalidSecret);
    expect(() => decodeSecret('whsec_topsecret')).toThrow(expect.objectContaining({ message: expect.not.stringContaining('topsecret') }));
  });
});
