// For receivers: verifies HTTP Message Signatures (RFC 9421) as Posthorn makes them, with
// HMAC-SHA256 or ed25519. The body is covered through Content-Digest.
import { createHash, createHmac } from 'node:crypto';
import { requestTarget } from '#domain/endpoints/request-target';
import { checkAge, headerOf, isBy, isSame, publicKeyOf, type WebhookToVerify, WebhookVerificationError } from './verify.ts';

export interface MessageToVerify extends Pick<WebhookToVerify, 'headers' | 'body' | 'publicKeys' | 'toleranceSeconds' | 'now'> {
  method: string;
  /** The URL that the sender requested: behind a reverse proxy, the public one. */
  url: string;
  /** The decoded keys, not their text. */
  secrets?: readonly Uint8Array[];
}

interface Offered {
  /** The signed text of the list of components and its parameters. */
  params: string;
  components: string[];
  created: number;
  alg: string;
  signature: string;
}

/** Without these, a third party could forward a request that was sent to its own server. */
const alwaysCovered = ['@method', '@target-uri', 'content-digest'];

/**
 * Throws WebhookVerificationError unless a signature of one of the secrets or keys covers the method, this URL and the
 * body, and is recent. Give the public keys of your own tenant, never keys that a request names.
 */
export function verifyMessage(message: MessageToVerify): void {
  const { headers, body, secrets = [], publicKeys = [], toleranceSeconds = 300, now = Date.now() } = message;
  if (secrets.length + publicKeys.length === 0) throw new WebhookVerificationError('bad_secret', 'no secret and no public key was given');
  if (secrets.some(({ length }) => length === 0)) throw new WebhookVerificationError('bad_secret', 'a secret is empty');
  const keys = publicKeys.map(publicKeyOf);
  const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
  if (headerOf(headers, 'content-digest') !== digest)
    throw new WebhookVerificationError('no_match', 'content-digest does not match the body');
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
 * The list of components, each without parameters, then `created`, `keyid` and `alg` in any order: all that Posthorn
 * writes. A signature with anything else (a component of another message, an expiry) is ignored, because it is not
 * checked here.
 */
const form = /^\(("[a-z0-9@-]+"(?: "[a-z0-9@-]+")*)\)((?:;(?:created=[1-9]\d{0,11}|keyid="[^"\\;=]*"|alg="[a-z0-9-]+"))*)$/;

/** The members of a dictionary (RFC 8941). Posthorn writes commas only between members. */
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
