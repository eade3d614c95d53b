// For receivers of HTTP Message Signatures (RFC 9421) as Posthorn makes them: of requests, over the body by its Content-Digest, by HMAC-SHA256 or ed25519.
import { createHash, createHmac } from 'node:crypto';
import { requestTarget } from '#domain/request-target';
import { checkAge, headerOf, isBy, isSame, publicKeyOf, type WebhookToVerify, WebhookVerificationError } from './verify.ts';

export interface MessageToVerify extends Pick<WebhookToVerify, 'headers' | 'body' | 'publicKeys' | 'toleranceSeconds' | 'now'> {
  method: string;
  /** As it was asked for by the sender: behind a proxy the public one. */
  url: string;
  /** The keys themselves. */
  secrets?: readonly Uint8Array[];
}

interface Offered {
  /** As they are signed: the list of components and the parameters after it. */
  params: string;
  components: string[];
  created: number;
  alg: string;
  signature: string;
}

/** What is not signed may have been another's: a request to a server of theirs, sent on to this one. */
const alwaysCovered = ['@method', '@target-uri', 'content-digest'];

/**
 * Throws WebhookVerificationError unless one of the signatures covers the method, this URL and the body, is recent, and by one of the secrets or keys.
 * Give the public keys of your own tenant, never keys that a request names.
 */
export function verifyMessage(message: MessageToVerify): void {
  const { headers, body, secrets = [], publicKeys = [], toleranceSeconds = 300, now = Date.now() } = message;
  if (secrets.length + publicKeys.length === 0) throw new WebhookVerificationError('bad_secret', 'no secret and no public key was given');
  if (secrets.some(({ length }) => length === 0)) throw new WebhookVerificationError('bad_secret', 'a secret is empty');
  const keys = publicKeys.map(publicKeyOf);
  const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
  if (headerOf(headers, 'content-digest') !== digest)
    throw new WebhookVerificationError('no_match', 'content-digest is not that of the body');
  const offered = offeredBy(headerOf(headers, 'signature-input'), headerOf(headers, 'signature'));
  const matching = offered.find(({ params, components, alg, signature }) => {
    if (!alwaysCovered.every((name) => components.includes(name))) return false;
    const base = Buffer.from(baseOf(message, components, params));
    if (alg === 'ed25519') return keys.some((key) => isBy(key, base, signature));
    return secrets.some((secret) =>
      isSame(Buffer.from(signature), Buffer.from(createHmac('sha256', secret).update(base).digest('base64'))),
    );
  });
  if (!matching) throw new WebhookVerificationError('no_match', 'no signature over method, URL and body matches');
  checkAge(matching.created, toleranceSeconds, now);
}

function offeredBy(input: string, signature: string): Offered[] {
  const signatures = membersOf(signature);
  return [...membersOf(input)].flatMap(([label, params]) => {
    const [, list = '', rest = ''] = form.exec(params) ?? [];
    const components = list.split(' ').map((name) => name.slice(1, -1));
    const given = new Map(rest.split(';').map((one) => one.split('=', 2) as [string, string]));
    const [created, alg] = [given.get('created'), given.get('alg')?.slice(1, -1)];
    const [, base64] = /^:([^:]*):$/.exec(signatures.get(label) ?? '') ?? [];
    if (base64 === undefined || created === undefined || (alg !== 'ed25519' && alg !== 'hmac-sha256')) return [];
    if (new Set(components).size < components.length) return [];
    return [{ params, components, created: Number(created), alg, signature: base64 }];
  });
}

/**
 * The list of components without parameters of their own, then `created`, `keyid` and `alg` in any order: all that Posthorn writes. What has more - a component
 * of another message, a time at which it expires - says something that is not judged here, and is no signature.
 */
const form = /^\(("[a-z0-9@-]+"(?: "[a-z0-9@-]+")*)\)((?:;(?:created=[1-9]\d{0,11}|keyid="[^"\\;=]*"|alg="[a-z0-9-]+"))*)$/;

/** Of a dictionary (RFC 8941) as Posthorn writes it: no comma but those between its members. */
function membersOf(dictionary: string): Map<string, string> {
  return new Map(
    dictionary.split(',').map((member): [string, string] => {
      const at = member.indexOf('=');
      return [member.slice(0, Math.max(at, 0)).trim(), member.slice(at + 1).trim()];
    }),
  );
}

function baseOf({ method, url, headers }: MessageToVerify, components: string[], params: string): string {
  const read = new URL(url);
  const { origin, host, pathname, search } = read;
  const derived = new Map([
    ['@method', method],
    ['@target-uri', origin + requestTarget(read)],
    ['@authority', host],
    ['@path', pathname],
    ['@query', search === '' ? '?' : search],
  ]);
  const lines = components.map((name) => `"${name}": ${derived.get(name) ?? headerOf(headers, name)}`);
  return [...lines, `"@signature-params": ${params}`].join('\n');
}
