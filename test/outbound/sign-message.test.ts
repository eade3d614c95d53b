import { createHash, createPrivateKey, createPublicKey, createSecretKey, randomBytes } from 'node:crypto';
import { createVerifier, httpbis } from 'http-message-signatures';
import { describe, expect, it } from 'vitest';
import { components, type MessageSignatures } from '#domain/endpoints/signing';
import { privateKeyOf } from '#outbound/key-pair';
import { listOf, type MessageKey, messageSignatureHeaders, signBase } from '#outbound/sign-message';

// RFC 9421, appendices B.1.4, B.1.5 and B.2
const sharedSecret = createSecretKey(
  Buffer.from('uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==', 'base64'),
);
const ed25519Key = createPrivateKey(`-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF
-----END PRIVATE KEY-----`);
const testRequest: Record<string, string> = {
  '@method': 'POST',
  '@path': '/foo',
  '@authority': 'example.com',
  date: 'Tue, 20 Apr 2021 02:07:55 GMT',
  'content-type': 'application/json',
  'content-length': '18',
};

describe('the test vectors of RFC 9421', () => {
  it.each([
    [
      'B.2.5, hmac-sha256',
      ['date', '@authority', 'content-type'],
      'test-shared-secret',
      sharedSecret,
      'pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=',
    ],
    [
      'B.2.6, ed25519',
      ['date', '@method', '@path', '@authority', 'content-type', 'content-length'],
      'test-key-ed25519',
      ed25519Key,
      'wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==',
    ],
  ])('%s', (_name, names, keyId, key, signature) => {
    const lines = names.map((name): [string, string] => [name, testRequest[name] ?? '']);
    expect(signBase(lines, `${listOf(names)};created=1618884473;keyid="${keyId}"`, key)).toBe(signature);
  });
});

const timestamp = Math.floor(Date.now() / 1_000);
const body = Buffer.from('{"type":"order.created"}');
const url = 'https://Example.com:8443/hooks/in?tenant=acme&x=%20';
const headers = { 'content-type': 'application/json', 'webhook-id': 'evt_1', 'webhook-timestamp': String(timestamp) };
const secret = (keyId: string): MessageKey => ({ keyId, key: createSecretKey(randomBytes(32)) });
const pair = (keyId: string): MessageKey => ({ keyId, key: privateKeyOf(randomBytes(32)) });

const signed = (by: MessageSignatures, keys: MessageKey[]) => messageSignatureHeaders(by, { url, headers, body, timestamp }, keys);

function verifies(given: Record<string, string>, keys: MessageKey[], to = url): Promise<boolean | null> {
  const byId = new Map(keys.map(({ keyId, key }) => [keyId, key]));
  return httpbis.verifyMessage(
    {
      all: true,
      requiredFields: ['content-digest'],
      async keyLookup({ keyid, alg = '' }) {
        const key = byId.get(String(keyid));
        return key
          ? { id: String(keyid), algs: [alg], verify: createVerifier(key.type === 'secret' ? key : createPublicKey(key), alg) }
          : null;
      },
    },
    { method: 'POST', url: new URL(to), headers: { ...headers, ...given, 'content-digest': given['content-digest'] ?? '' } },
  );
}

describe('messageSignatureHeaders', () => {
  it.each<[string, MessageSignatures, MessageKey[]]>([
    ['ed25519', { algorithm: 'ed25519' }, [pair('sgk_1')]],
    ['hmac-sha256', { algorithm: 'hmac-sha256' }, [secret('sec_1')]],
    ['two keys of a rotation', { algorithm: 'ed25519', label: 'sig' }, [pair('sgk_2'), pair('sgk_1')]],
    ['every component there is', { algorithm: 'hmac-sha256', components: [...components] }, [secret('sec_1')]],
  ])('is verified by http-message-signatures: %s', async (_name, by, keys) => {
    const given = signed(by, keys);
    expect(await verifies(given, keys)).toBe(true);
    expect(given['content-digest']).toBe(`sha-256=:${createHash('sha256').update(body).digest('base64')}:`);
    expect(await verifies({ ...given, 'content-digest': 'sha-256=:AAAA:' }, keys).catch(() => false)).toBe(false);
    expect(await verifies(given, keys, 'https://example.com/elsewhere').catch(() => false)).toBe(false);
  });

  it('gives each key its own label', () => {
    const given = signed({ algorithm: 'ed25519' }, [pair('sgk_2'), pair('sgk_1')]);
    expect(given['signature-input']).toBe(
      ['posthorn', 'posthorn-2']
        .map(
          (label, index) =>
            `${label}=("@method" "@target-uri" "content-digest" "content-type" "webhook-id" "webhook-timestamp");created=${timestamp};keyid="sgk_${2 - index}";alg="ed25519"`,
        )
        .join(', '),
    );
    expect(given.signature).toMatch(/^posthorn=:[^:]{88}:, posthorn-2=:[^:]{88}:$/);
  });

  it('always covers method, URL and body, and posthorn-test on a test', () => {
    const inputOf = (components: MessageSignatures['components'], more = {}) =>
      messageSignatureHeaders({ algorithm: 'ed25519', components }, { url, headers: { ...headers, ...more }, body, timestamp }, [
        pair('sgk_1'),
      ])['signature-input'];
    expect(inputOf(['webhook-id'])).toMatch(/^posthorn=\("@method" "@target-uri" "content-digest" "webhook-id"\);/);
    expect(inputOf(['content-digest', '@query'])).toMatch(/^posthorn=\("@method" "@target-uri" "content-digest" "@query"\);/);
    expect(inputOf(['@method', '@target-uri', 'content-digest'], { 'posthorn-test': 'true' })).toMatch(
      /^posthorn=\("@method" "@target-uri" "content-digest" "posthorn-test"\);/,
    );
  });

  it('throws for a component that the request lacks', () => {
    const { 'content-type': _, ...others } = headers;
    expect(() => messageSignatureHeaders({ algorithm: 'ed25519' }, { url, headers: others, body, timestamp }, [pair('sgk_1')])).toThrow(
      'content-type',
    );
  });
});
