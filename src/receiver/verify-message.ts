// For receivers of HTTP Message Signatures (RFC 9421) as Posthorn makes them: of requests, over the body by its Content-Digest, by HMAC-SHA256 or ed25519.
import { createHash, createHmac } from 'node:crypto';
import { checkAge, headerOf, isBy, isSame, publicKeyOf, type WebhookToVerify, WebhookVerificationError } from './verify.ts';

export interface MessageToVerify extends Pick<WebhookToVerify, 'headers' | 'body' | 'publicKeys' | 'toleranceSeconds' | 'now'> {
  method: string;
  /** As it was asked for by the sender: behind a proxy the public one. */
  url: string;
  /** The keys themselves. */
  secrets?: readonly Uint8Array[];
}

interface Offered {
  /** As they are signed: the list of components and what stands behind it. */
  params: string;
  components: string[];
  created: number;
  alg: string;
  signature: string;
}

/** Throws WebhookVerificationError unless one of the signatures covers the body, is recent, and by one of the secrets or keys. */
export function verifyMessage(message: MessageToVerify): void {
  const { headers, body, secrets = [], publicKeys = [], toleranceSeconds = 300, now = Date.now() } = message;
  if (secrets.length + publicKeys.length === 0) throw new WebhookVerificationError('bad_secret', 'no secret and no public key was given');
  const keys = publicKeys.map(publicKeyOf);
  const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
  if (headerOf(headers, 'content-digest') !== digest)
    throw new WebhookVerificationError('no_match', 'content-digest is not that of the body');
  const offered = offeredBy(headerOf(headers, 'signature-input'), headerOf(headers, 'signature'));
  const matching = offered.find(({ params, components, alg, signature }) => {
    if (!components.includes('content-digest')) return false;
    const base = Buffer.from(baseOf(message, components, params));
    if (alg === 'ed25519') return keys.some((key) => isBy(key, base, signature));
    return secrets.some((secret) =>
      isSame(Buffer.from(signature), Buffer.from(createHmac('sha256', secret).update(base).digest('base64'))),
    );
  });
  if (!matching) throw new WebhookVerificationError('no_match', 'no signature over the body matches');
  checkAge(matching.created, toleranceSeconds, now);
}

const param = String.raw`;[a-z*][a-z0-9_.*-]*=(?:"[^"]*"|\d{1,15})`;

function offeredBy(input: string, signature: string): Offered[] {
  const signatures = new Map(
    [...signature.matchAll(/([a-z][a-z0-9_-]*)=:([A-Za-z0-9+/=]*):/g)].map(([, label, base64]) => [label, base64]),
  );
  const inputs = input.matchAll(new RegExp(String.raw`([a-z][a-z0-9_-]*)=(\(((?:"[a-z@-]+" ?)*)\)((?:${param})*))`, 'g'));
  return [...inputs].flatMap(([, label, params = '', list = '', rest = '']) => {
    const base64 = signatures.get(label);
    const created = /;created=(\d+)/.exec(rest)?.[1];
    const alg = /;alg="([^"]*)"/.exec(rest)?.[1];
    if (base64 === undefined || created === undefined || alg === undefined || !['ed25519', 'hmac-sha256'].includes(alg)) return [];
    const components = [...list.matchAll(/"([^"]*)"/g)].map(([, name = '']) => name);
    return [{ params, components, created: Number(created), alg, signature: base64 }];
  });
}

function baseOf({ method, url, headers }: MessageToVerify, components: string[], params: string): string {
  const { origin, host, pathname, search } = new URL(url);
  const derived = new Map([
    ['@method', method],
    ['@target-uri', origin + pathname + search],
    ['@authority', host],
    ['@path', pathname],
    ['@query', search === '' ? '?' : search],
  ]);
  const lines = components.map((name) => `"${name}": ${derived.get(name) ?? headerOf(headers, name)}`);
  return [...lines, `"@signature-params": ${params}`].join('\n');
}
