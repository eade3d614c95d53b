// Client certificates: which are refused before they are stored, and the problem of each field.
import { generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import type { ClientTls } from '#domain/endpoints/endpoint-target';
import { certificateProblems, expiryOf, showCertificate } from '#sealing/client-certificate';
import { createAuthority } from '../support/authority.ts';

const authority = createAuthority();
const { cert, key } = authority.sign('one');
const now = new Date();

it('accepts a chain with its key, in PEM as tools write it', () => {
  const chain = `Bag Attributes\n  friendlyName: x\n${cert}\n# and who signed it\n${authority.ca}`;
  expect(certificateProblems({ certificate: chain, key, ca: authority.ca }, now)).toEqual([]);
  expect(certificateProblems({ certificate: cert.replaceAll('\n', '\r\n'), key: key.replaceAll('\n', '\r\n') }, now)).toEqual([]);
  expect(showCertificate({ certificate: chain, key }).subject).toBe('CN=one');
});

it('refuses an expired certificate, exact to the second', () => {
  const end = expiryOf({ certificate: cert }) as Date;
  const problems = certificateProblems({ certificate: cert, key }, end);
  expect(problems).toEqual([{ path: 'tls.certificate', message: `expired on ${end.toISOString()}` }]);
  expect(certificateProblems({ certificate: cert, key }, new Date(end.getTime() - 1))).toEqual([]);
});

it('accepts a CA without a certificate, and shows no certificate then', () => {
  const alone: ClientTls = { ca: authority.ca };
  expect(certificateProblems(alone, now)).toEqual([]);
  expect(certificateProblems({ ca: 'rubbish' }, now)).toEqual([{ path: 'tls.ca', message: expect.stringContaining('PEM') }]);
  expect([expiryOf(alone), showCertificate(alone)]).toEqual([null, { subject: null, expiresAt: null, fingerprint: null }]);
});

it('refuses the key of another certificate, and a public key', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  for (const [wrong, message] of [
    [privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), 'does not match the certificate'],
    [publicKey.export({ type: 'spki', format: 'pem' }).toString(), 'must be a PEM private key'],
  ] as const) {
    expect(certificateProblems({ certificate: cert, key: wrong }, now)).toEqual([{ path: 'tls.key', message }]);
  }
});
