import { createPublicKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { createSigner, httpbis } from 'http-message-signatures';
import { describe, expect, it } from 'vitest';
import { type CustomSigning, type Signing, signing } from '#domain/endpoints/signing';
import { privateKeyOf, publicBytesOf } from '#outbound/key-pair';
import { type Signers, signatureHeaders } from '#outbound/signatures';
import { signingSecret } from '#outbound/signing-secret';
import { type Secret, verify, WebhookVerificationError } from '#receiver';
import { customScheme, rfc9421 } from '#receiver/schemes';

const now = 1_790_000_000_000;
const timestamp = now / 1_000;
const url = 'https://example.com/hook?a=1';
const text = '{"type":"order.created"}';
const whsec = (byte: number) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`;
const key = privateKeyOf(Buffer.alloc(32, 1));
const otherKey = privateKeyOf(Buffer.alloc(32, 2));
const whpk = (of: typeof key) => `whpk_${publicBytesOf(of).toString('base64')}`;

function signed(by: Signing, { secrets = [whsec(1)], keys = [key], body = text } = {}): Record<string, string> {
  const common = { 'content-type': 'application/json', 'webhook-id': 'evt_1', 'webhook-timestamp': String(timestamp) };
  const signers: Signers = {
    secrets: secrets.map((secret, index) => signingSecret(`sec_${index}`, secret)),
    keyPairs: keys.map((one, index) => ({ keyId: `sgk_${index}`, key: one })),
  };
  const headers = signatureHeaders({ id: 'evt_1', timestamp, url, body: Buffer.from(body), headers: common }, by, signers);
  return Object.fromEntries(Object.entries({ ...common, ...headers }).map(([name, value]) => [name.toLowerCase(), value]));
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

describe('verify by public key', () => {
  const check = (headers: Record<string, string>, publicKeys: string[], { body = text, secrets = [] as string[], at = now } = {}) =>
    reasonOf(() => verify(body, headers, [...publicKeys, ...secrets], { now: at }));

  it.each([
    ['the right key', [key], [whpk(key)], 'valid'],
    ['both sign, the receiver has the old key', [otherKey, key], [whpk(key)], 'valid'],
    ['the receiver has both keys', [key], [whpk(otherKey), whpk(key)], 'valid'],
    ['another key', [otherKey], [whpk(key)], 'no_match'],
    ['an invalid public key', [key], ['whpk_AAAA'], 'bad_secret'],
    ['the bytes of a public key that could be meant as a secret', [key], [key as never], 'bad_secret'],
    ['no public key', [key], [], 'bad_secret'],
  ])('%s: %#', (_name, keys, known, verdict) => {
    expect(check(signed({ schemes: ['v1a'] }, { keys }), known)).toBe(verdict);
  });

  it('accepts a signature by secret or by key, and never reads a v1 as a v1a', () => {
    const both = signed({ schemes: ['v1', 'v1a'] });
    expect(check(both, [whpk(otherKey)], { secrets: [whsec(1)] })).toBe('valid');
    expect(check(both, [whpk(key)], { secrets: [whsec(9)] })).toBe('valid');
    expect(check(signed({ schemes: ['v1'] }), [whpk(key)])).toBe('no_match');
  });

  it('refuses another body, another spelling of the signature, and an old signature', () => {
    const headers = signed({ schemes: ['v1a'] });
    expect(check(headers, [whpk(key)], { body: `${text} ` })).toBe('no_match');
    expect(check({ ...headers, 'webhook-signature': headers['webhook-signature']?.replace(/==$/, '') ?? '' }, [whpk(key)])).toBe(
      'no_match',
    );
    expect(check(headers, [whpk(key)], { at: now + 301_000 })).toBe('timestamp_too_old');
  });
});

describe('verify with a custom scheme', () => {
  const scheme: CustomSigning = {
    header: 'X-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    signed: '{timestamp}.{body}',
    secretAs: 'text',
    lead: 't={timestamp}',
    prefix: 'v1=',
    separator: ',',
  };
  const check = (given: CustomSigning, headers: Record<string, string>, { body = text, secrets = [whsec(1)], at = now } = {}) =>
    reasonOf(() => verify(body, headers, secrets, { scheme: customScheme(given), now: at }));

  it('accepts every scheme, with any secret of a rotation, and refuses another body', () => {
    const schemes = fc.record({
      algorithm: fc.constantFrom('sha1' as const, 'sha256' as const, 'sha512' as const),
      encoding: fc.constantFrom('hex' as const, 'base64' as const),
      signed: fc.constantFrom('{id}.{timestamp}.{body}' as const, '{timestamp}.{body}' as const, '{body}' as const),
      secretAs: fc.constantFrom('text' as const, 'base64' as const),
    });
    fc.assert(
      fc.property(schemes, fc.string({ unit: 'grapheme' }), (parts, body) => {
        const own = { ...scheme, ...parts };
        const headers = signed(signing.parse({ schemes: [], custom: own }), { body, secrets: [whsec(1), whsec(2)] });
        for (const secret of [whsec(1), whsec(2)]) expect(check(own, headers, { body, secrets: [secret] })).toBe('valid');
        expect(check(own, headers, { body: `${body}.`, secrets: [whsec(1)] })).toBe('no_match');
        expect(check(own, headers, { body, secrets: [whsec(3)] })).toBe('no_match');
      }),
      { numRuns: 50 },
    );
  });

  it('checks the time if it is signed', () => {
    const headers = signed(signing.parse({ schemes: [], custom: scheme }));
    expect(check(scheme, headers, { at: now + 301_000 })).toBe('timestamp_too_old');
    expect(check(scheme, { ...headers, 'x-signature': '' })).toBe('missing_header');
    expect(check(scheme, headers, { secrets: [] })).toBe('bad_secret');
  });
});

describe('verify with RFC 9421', () => {
  const byKey: Signing = { schemes: [], messageSignatures: { algorithm: 'ed25519' } };
  const check = (
    headers: Record<string, string>,
    more: { body?: string; keys?: Secret[]; method?: string; url?: string; now?: number } = {},
  ) => {
    const { body = text, keys = [whpk(key)], now: at = now, ...request } = more;
    return reasonOf(() => verify(body, headers, keys, { scheme: rfc9421({ url, ...request }), now: at }));
  };

  it('accepts ed25519 and HMAC, with each key of a rotation', () => {
    const both = signed(byKey, { keys: [otherKey, key] });
    expect([check(both), check(both, { keys: [whpk(otherKey)] })]).toEqual(['valid', 'valid']);
    const headers = signed({ schemes: [], messageSignatures: { algorithm: 'hmac-sha256' } }, { secrets: [whsec(2), whsec(1)] });
    expect(check(headers, { keys: [{ hmac: Buffer.alloc(32, 1) }] })).toBe('valid');
    expect(check(headers, { keys: [whsec(9)] })).toBe('no_match');
  });

  it.each<[string, Parameters<typeof check>[1], string]>([
    ['another body', { body: '{}' }, 'no_match'],
    ['another method', { method: 'PUT' }, 'no_match'],
    ['another URL', { url: 'https://example.com/hook?a=2' }, 'no_match'],
    ['another key', { keys: [whpk(otherKey)] }, 'no_match'],
    ['no key', { keys: [] }, 'bad_secret'],
    ['an old signature', { now: now + 301_000 }, 'timestamp_too_old'],
  ])('refuses %s', (_name, more, verdict) => {
    expect(check(signed(byKey), more)).toBe(verdict);
  });

  it('refuses a signature that does not cover method, URL, body or time', () => {
    const headers = signed(byKey);
    for (const [from, to] of [
      ['"content-digest" ', ''],
      ['ed25519', 'hmac-sha256'],
      ['"@method" ', ''],
      ['"@target-uri" ', ''],
      [';created=1790000000', ''],
      ['posthorn=', 'other='],
    ] as const)
      expect(check({ ...headers, 'signature-input': headers['signature-input']?.replace(from, to) ?? '' })).toBe('no_match');
  });

  it('looks at no more signatures than Posthorn makes: each costs a verification', () => {
    const headers = signed(byKey);
    const checkWith = (count: number) => {
      const repeated = (value: string) => Array.from({ length: count }, (_, n) => `s${n}=${value}, `).join('');
      const [input = '', signature = ''] = [headers['signature-input'], headers.signature];
      const foreign = repeated(input.slice(input.indexOf('=') + 1));
      return check({ ...headers, 'signature-input': foreign + input, signature: repeated(`:${'A'.repeat(86)}==:`) + signature });
    };
    expect([checkWith(5), checkWith(20)]).toEqual(['valid', 'no_match']);
  });

  it('accepts signatures made by http-message-signatures', async () => {
    const { 'content-digest': digest = '' } = signed(byKey);
    const { headers } = await httpbis.signMessage(
      {
        key: createSigner(key, 'ed25519', 'their-key'),
        fields: ['@method', '@target-uri', 'content-digest'],
        params: ['created', 'keyid', 'alg'],
      },
      { method: 'POST', url, headers: { 'content-digest': digest } },
    );
    expect(check(headers as Record<string, string>, { now: Date.now() })).toBe('valid');
    expect(check(headers as Record<string, string>, { now: Date.now(), keys: [whpk(privateKeyOf(randomBytes(32)))] })).toBe('no_match');
    expect(createPublicKey(key).asymmetricKeyType).toBe('ed25519');
  });

  it('throws only WebhookVerificationError, for any headers', () => {
    const value = fc.oneof(
      fc.string(),
      fc.constantFrom('a=()', 'posthorn=("content-digest" "x");created=1;alg="ed25519"', 'posthorn=:AA==:'),
    );
    const names = { 'signature-input': value, signature: value };
    fc.assert(
      fc.property(fc.record(names), (some) => {
        expect(check({ ...signed(byKey), ...some })).not.toBe('valid');
      }),
      { numRuns: 60 },
    );
  });
});
