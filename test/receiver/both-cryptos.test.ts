// Node's cryptography and WebCrypto say the same about every request.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type CustomSigning, type Signing, signing } from '#domain/endpoints/signing';
import { privateKeyOf, publicBytesOf } from '#outbound/key-pair';
import { signatureHeaders } from '#outbound/signatures';
import { signingSecret } from '#outbound/signing-secret';
import { type Secret, type VerifyOptions, verify } from '#receiver';
import { verify as verifyAsync } from '#receiver/fetch';
import { customScheme, rfc9421 } from '#receiver/schemes';

const now = 1_790_000_000_000;
const url = 'https://example.com/hook?a=1';
const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const key = privateKeyOf(Buffer.alloc(32, 1));
const publicKey = publicBytesOf(key);
const signers = { secrets: [signingSecret('sec_1', secret)], keyPairs: [{ keyId: 'sgk_1', key }] };
const jwks = { keys: [{ kty: 'OKP', crv: 'Ed25519', x: publicKey.toString('base64url') }] };

const custom = (algorithm: CustomSigning['algorithm'], encoding: CustomSigning['encoding']): CustomSigning => ({
  ...{ header: 'x-signature', algorithm, encoding, signed: '{id}.{timestamp}.{body}', secretAs: 'text' },
});
const bySchemes = (scheme: CustomSigning): [Signing, Secret[], VerifyOptions] => [
  signing.parse({ schemes: [], custom: scheme }),
  [secret],
  { scheme: customScheme(scheme) },
];
const byMessage = (algorithm: 'ed25519' | 'hmac-sha256', keys: Secret[]): [Signing, Secret[], VerifyOptions] => [
  { schemes: [], messageSignatures: { algorithm } },
  keys,
  { scheme: rfc9421({ url }) },
];

const ways: Record<string, [Signing, Secret[], VerifyOptions]> = {
  v1: [{ schemes: ['v1'] }, [secret], {}],
  'v1 with bytes': [{ schemes: ['v1'] }, [{ hmac: Buffer.alloc(32, 1) }], {}],
  'v1a with bytes': [{ schemes: ['v1a'] }, [{ publicKey }], {}],
  v1a: [{ schemes: ['v1a'] }, [`whpk_${publicKey.toString('base64')}`], {}],
  'v1a with a JWK set': [{ schemes: ['v1a'] }, [jwks], {}],
  sha1: bySchemes(custom('sha1', 'hex')),
  sha256: bySchemes(custom('sha256', 'base64')),
  sha512: bySchemes(custom('sha512', 'hex')),
  'RFC 9421, HMAC': byMessage('hmac-sha256', [secret]),
  'RFC 9421, ed25519': byMessage('ed25519', [jwks]),
};

async function verdictOf(run: () => unknown): Promise<string> {
  try {
    await run();
    return 'valid';
  } catch (error) {
    return (error as { reason?: string }).reason ?? String(error);
  }
}

it.each(Object.entries(ways))('%s', async (_name, [by, secrets, options]) => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.constantFrom('', 'body', 'signature', 'time'), async (body, changed) => {
      const common = { 'content-type': 'application/json', 'webhook-id': 'evt_1', 'webhook-timestamp': String(now / 1_000) };
      const request = { id: 'evt_1', timestamp: now / 1_000, url, body: Buffer.from(body), headers: common };
      const signed = signatureHeaders(request, by, signers);
      const broken = Object.fromEntries(
        Object.entries(signed).map(([name, value]) => [name, value.replace(/(?<=[,:=]|^)\w(?=\w{30})/, '0')]),
      );
      const headers = { ...common, ...(changed === 'signature' ? broken : signed) };
      const given = changed === 'body' ? Buffer.concat([body, Buffer.from('.')]) : body;
      const at = { ...options, now: changed === 'time' ? now + 301_000 : now };
      const verdict = await verdictOf(() => verify(given, headers, secrets, at));
      expect(await verdictOf(() => verifyAsync(given, headers, secrets, at))).toBe(verdict);
      seen.add(`${changed} ${verdict}`);
    }),
    { numRuns: 30 },
  );
  expect([...seen]).toEqual(expect.arrayContaining([' valid', 'body no_match', 'time timestamp_too_old']));
});

it('a body that was parsed before is an error that says what to do, not a wrong signature', async () => {
  for (const parsed of [{ a: 1 }, [1], 7, undefined, null] as never[]) {
    expect(() => verify(parsed, {}, secret)).toThrow(
      expect.objectContaining({ name: 'ParsedBodyError', message: expect.stringContaining('express.raw({ type: "*/*" })') }),
    );
    await expect(verifyAsync(parsed, {}, secret)).rejects.toThrow(/rawBody is/);
  }
});
