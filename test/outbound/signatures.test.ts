import { createHash, createHmac, randomBytes, webcrypto } from 'node:crypto';
import fc from 'fast-check';
import { importJWK } from 'jose';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { type CustomSigning, type Signing, signing } from '#domain/endpoints/signing';
import { privateKeyOf, publicBytesOf } from '#outbound/key-pair';
import { type RequestToSign, type Signers, signatureHeaders } from '#outbound/signatures';
import { signingSecret } from '#outbound/signing-secret';

const timestamp = Math.floor(Date.now() / 1_000);
const whsec = (byte: number) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`;
const pair = (keyId: string) => ({ keyId, key: privateKeyOf(randomBytes(32)) });

function request(body: Uint8Array | string): RequestToSign {
  const headers = { 'content-type': 'application/json', 'webhook-id': 'evt_1', 'webhook-timestamp': String(timestamp) };
  return { id: 'evt_1', timestamp, url: 'https://example.com/hook?a=1', body: Buffer.from(body), headers };
}

const signers = (texts: string[], keyPairs: Signers['keyPairs'] = []): Signers => ({
  secrets: texts.map((text, index) => signingSecret(`sec_${index}`, text)),
  keyPairs,
});

const custom = (scheme: CustomSigning): Signing => signing.parse({ schemes: [], custom: scheme });

const github = custom({
  header: 'X-Hub-Signature-256',
  algorithm: 'sha256',
  encoding: 'hex',
  prefix: 'sha256=',
  signed: '{body}',
  secretAs: 'text',
});
const shopify = custom({ header: 'X-Shopify-Hmac-Sha256', algorithm: 'sha256', encoding: 'base64', signed: '{body}', secretAs: 'text' });
const stripe = custom({
  header: 'Stripe-Signature',
  algorithm: 'sha256',
  encoding: 'hex',
  lead: 't={timestamp}',
  prefix: 'v1=',
  separator: ',',
  signed: '{timestamp}.{body}',
  secretAs: 'text',
});

describe('signatures of other platforms, byte for byte', () => {
  it("GitHub: equals GitHub's own example", () => {
    expect(signatureHeaders(request('Hello, World!'), github, signers(["It's a Secret to Everybody"]))).toEqual({
      'X-Hub-Signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    });
  });

  it('GitHub: one signature, of the newest secret', () => {
    const headers = signatureHeaders(request('{}'), github, signers(['the newer secret', 'the older secret']));
    expect(headers).toEqual({ 'X-Hub-Signature-256': `sha256=${createHmac('sha256', 'the newer secret').update('{}').digest('hex')}` });
  });

  it('Shopify: base64 over the body alone', () => {
    const right = createHmac('sha256', 'hush, a shared secret').update('{"id":1}').digest('base64');
    expect(signatureHeaders(request('{"id":1}'), shopify, signers(['hush, a shared secret']))).toEqual({ 'X-Shopify-Hmac-Sha256': right });
  });

  it('Stripe: the whole text whsec_… is the key, and one header has the signatures of all live secrets', () => {
    const texts = [whsec(1), whsec(2)];
    const [first, second] = texts.map((text) => createHmac('sha256', text).update(`${timestamp}.{"a":1}`).digest('hex'));
    expect(signatureHeaders(request('{"a":1}'), stripe, signers(texts))).toEqual({
      'Stripe-Signature': `t=${timestamp},v1=${first},v1=${second}`,
    });
  });

  it.each(['sha1', 'sha256', 'sha512'] as const)(
    '%s with a secret in hex or base64, id and timestamp, and a header for the time',
    (algorithm) => {
      const key = randomBytes(32);
      const scheme = { header: 'X-Sig', algorithm, encoding: 'hex', signed: '{id}.{timestamp}.{body}', timestampHeader: 'X-Time' } as const;
      const right = createHmac(algorithm, key).update(`evt_1.${timestamp}.body`).digest('hex');
      for (const secretAs of ['hex', 'base64'] as const)
        expect(signatureHeaders(request('body'), custom({ ...scheme, secretAs }), signers([key.toString(secretAs)]))).toEqual({
          'X-Sig': right,
          'X-Time': String(timestamp),
        });
    },
  );
});

describe('v1a', () => {
  const both: Signing = { schemes: ['v1', 'v1a'] };

  it('verifies with jose and WebCrypto from the JWK, for any bytes', async () => {
    const keys = [pair('sgk_new'), pair('sgk_old')];
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (body) => {
        const headers = signatureHeaders(request(body), both, signers([whsec(1), whsec(2)], keys));
        const all = headers['webhook-signature']?.split(' ') ?? [];
        expect(all.map((one) => one.split(',')[0])).toEqual(['v1', 'v1', 'v1a', 'v1a']);
        const content = Buffer.concat([Buffer.from(`evt_1.${timestamp}.`), body]);
        for (const [index, { key }] of keys.entries()) {
          const jwk = { kty: 'OKP', crv: 'Ed25519', x: publicBytesOf(key).toString('base64url') };
          const imported = (await importJWK(jwk, 'EdDSA')) as webcrypto.CryptoKey;
          const signature = Buffer.from(all[index + 2]?.slice('v1a,'.length) ?? '', 'base64');
          expect(await webcrypto.subtle.verify('Ed25519', imported, signature, content)).toBe(true);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('next to v1 does not disturb standardwebhooks', () => {
    const headers = signatureHeaders(request('{"a":1}'), both, signers([whsec(1)], [pair('sgk_1')]));
    const given = { ...request('').headers, ...headers };
    expect(new Webhook(whsec(1)).verify('{"a":1}', given)).toEqual({ a: 1 });
  });

  it('alone needs no secret', () => {
    expect(signatureHeaders(request(''), { schemes: ['v1a'] }, signers([], [pair('sgk_1')]))['webhook-signature']).toMatch(/^v1a,\S{88}$/);
  });

  it('derives the public key of RFC 8032, 7.1, test 1', () => {
    const seed = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex');
    expect(publicBytesOf(privateKeyOf(seed)).toString('hex')).toBe('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');
    expect(() => privateKeyOf(seed.subarray(1))).toThrow('32 bytes');
  });
});

describe('a missing key throws, and nothing is signed partially', () => {
  it.each<[string, Signing | null, Signers]>([
    ['no secret', null, signers([])],
    ['no secret of its form', null, signers(['a text, and no whsec_'])],
    ['no secret for one of two', { schemes: ['v1', 'v1a'] }, signers([], [pair('sgk_1')])],
    ['no key pair', { schemes: ['v1', 'v1a'] }, signers([whsec(1)])],
    [
      'no secret for the custom scheme',
      { ...github, custom: { ...(github.custom as CustomSigning), secretAs: 'hex' } },
      signers([whsec(1)]),
    ],
    ['no key pair for messages', { schemes: ['v1'], messageSignatures: { algorithm: 'ed25519' } }, signers([whsec(1)])],
  ])('%s', (_name, by, given) => {
    expect(() => signatureHeaders(request('{}'), by, given)).toThrow(/no live (secret|signing key)/);
  });
});

it('the same bytes have the same signature, and other bytes another one', () => {
  const by: Signing = { schemes: ['v1', 'v1a'], custom: stripe.custom, messageSignatures: { algorithm: 'hmac-sha256' } };
  const given = signers([whsec(1)], [pair('sgk_1')]);
  const of = (body: Uint8Array) => JSON.stringify(signatureHeaders(request(body), by, given));
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
      expect(of(a) === of(Uint8Array.from(a))).toBe(true);
      if (Buffer.compare(a, b) !== 0) expect(of(a)).not.toBe(of(b));
      expect(of(a)).toContain(createHash('sha256').update(a).digest('base64'));
    }),
    { numRuns: 50 },
  );
});
