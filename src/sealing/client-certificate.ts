// Reads client certificates, validates them before they are stored, and shows them without their
// key.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { z } from 'zod';
import type { ClientTls, shownTls } from '#domain/endpoints/endpoint-target';

interface Problem {
  path: string;
  message: string;
}

const block = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+?-----END CERTIFICATE-----/g;

/**
 * When the first certificate of the chain expires. Null: there is no certificate. Throws if the text is not a
 * certificate.
 */
export function expiryOf({ certificate }: Pick<ClientTls, 'certificate'>): Date | null {
  return certificate === undefined ? null : certificatesIn(certificate)[0].validToDate;
}

/** Throws if the text is not a certificate. */
export function showCertificate({ certificate }: ClientTls): z.infer<typeof shownTls> {
  if (certificate === undefined) return { subject: null, expiresAt: null, fingerprint: null };
  const [first] = certificatesIn(certificate);
  return {
    subject: (first.subject ?? '').split('\n').join(', '),
    expiresAt: first.validToDate.toISOString(),
    fingerprint: first.fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}

/** The problems of each field; empty if a TLS connection can be made. No message quotes the input. */
export function certificateProblems({ certificate, key, ca }: ClientTls, now: Date): Problem[] {
  const own = certificate === undefined || key === undefined ? [] : pairProblems(certificate, key, now);
  if (own.length > 0) return own;
  if (ca !== undefined && !read(() => certificatesIn(ca))) return [{ path: 'tls.ca', message: 'must be one or more PEM certificates' }];
  // find out now what OpenSSL does not accept, such as a key that is too short
  if (!read(() => createSecureContext({ cert: certificate, key, ca }))) return [{ path: 'tls', message: 'cannot be used for TLS' }];
  return [];
}

function pairProblems(certificate: string, key: string, now: Date): Problem[] {
  const first = read(() => certificatesIn(certificate)[0]);
  if (!first) return [{ path: 'tls.certificate', message: 'must be a PEM certificate or a chain of PEM certificates' }];
  if (first.validToDate <= now) return [{ path: 'tls.certificate', message: `expired on ${first.validToDate.toISOString()}` }];
  if (/ENCRYPTED/.test(key)) return [{ path: 'tls.key', message: 'must not have a passphrase' }];
  const privateKey = read(() => createPrivateKey(key));
  if (!privateKey) return [{ path: 'tls.key', message: 'must be a PEM private key' }];
  return first.checkPrivateKey(privateKey) ? [] : [{ path: 'tls.key', message: 'does not match the certificate' }];
}

/** Throws if there is no certificate, one of them is incomplete, or a key is among them. */
export function certificatesIn(pem: string): [X509Certificate, ...X509Certificate[]] {
  const [first, ...others] = (pem.match(block) ?? []).map((text) => new X509Certificate(text));
  if (!first || pem.replaceAll(block, '').includes('-----BEGIN')) throw new Error('must contain PEM certificates and nothing else');
  return [first, ...others];
}

function read<T>(from: () => T): T | null {
  try {
    return from();
  } catch {
    return null;
  }
}
