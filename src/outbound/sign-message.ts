// Signs requests with HTTP Message Signatures (RFC 9421) and Content-Digest (RFC 9530).
import { createHash, createHmac, type KeyObject, sign } from 'node:crypto';
import { testHeader } from '#domain/endpoints/request-headers';
import { requestTarget } from '#domain/endpoints/request-target';
import { alwaysCovered, type Component, type MessageSignatures } from '#domain/endpoints/signing';

export interface MessageKey {
  keyId: string;
  /** A secret key signs with HMAC-SHA256, a private key with ed25519. */
  key: KeyObject;
}

interface Message {
  url: string;
  /** Names in lower case. `content-digest` is added here. */
  headers: Record<string, string>;
  body: Uint8Array;
  /** Seconds since 1970. */
  timestamp: number;
}

const usual: readonly Component[] = ['@method', '@target-uri', 'content-digest', 'content-type', 'webhook-id', 'webhook-timestamp'];

/**
 * The headers `content-digest`, `signature-input` and `signature`, with one label per key. The components in
 * `alwaysCovered` are covered even if `components` omits them, and so is `posthorn-test` on a test. Throws when the
 * request lacks a component.
 */
export function messageSignatureHeaders(
  { algorithm, label = 'posthorn', components = [...usual] }: MessageSignatures,
  { url, headers, body, timestamp }: Message,
  keys: readonly MessageKey[],
): Record<string, string> {
  const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
  const derived = derivedOf(new URL(url));
  const missing = alwaysCovered.filter((name) => !components.includes(name));
  const covered = [...missing, ...components, ...(testHeader in headers ? [testHeader] : [])];
  const lines = covered.map((name): [string, string] => {
    const value = derived[name] ?? (name === 'content-digest' ? digest : headers[name]);
    if (value === undefined) throw new Error(`the request has no ${name} to sign`);
    return [name, value];
  });
  const signed = keys.map(({ keyId, key }, index) => {
    const params = `${listOf(covered)};created=${timestamp};keyid="${keyId}";alg="${algorithm}"`;
    return { label: index === 0 ? label : `${label}-${index + 1}`, params, signature: signBase(lines, params, key) };
  });
  return {
    'content-digest': digest,
    'signature-input': signed.map(({ label, params }) => `${label}=${params}`).join(', '),
    signature: signed.map(({ label, signature }) => `${label}=:${signature}:`).join(', '),
  };
}

/** Signs the components, given as name and value (RFC 9421, 2.5). Returns base64. */
export function signBase(lines: readonly [name: string, value: string][], params: string, key: KeyObject): string {
  const base = [...lines, ['@signature-params', params]].map(([name, value]) => `"${name}": ${value}`).join('\n');
  return key.type === 'secret'
    ? createHmac('sha256', key).update(base).digest('base64')
    : sign(null, Buffer.from(base), key).toString('base64');
}

export function listOf(components: readonly string[]): string {
  return `(${components.map((name) => `"${name}"`).join(' ')})`;
}

function derivedOf(url: URL): Record<string, string> {
  const { origin, host, pathname, search } = url;
  return {
    '@method': 'POST',
    '@target-uri': origin + requestTarget(url),
    '@authority': host,
    '@path': pathname,
    '@query': search === '' ? '?' : search,
  };
}
