// Verifies HTTP Message Signatures (RFC 9421) as Posthorn makes them, with HMAC-SHA256 or ed25519. The body is covered
// through Content-Digest.
import { WebhookVerificationError } from './errors.ts';
import { type Clock, checkAge, type HeadersLike, headerOf, mostSignatures } from './headers.ts';
import { keysOf, type Secret } from './keys.ts';
import type { Scheme } from './scheme.ts';
import { type Check, hmac, isBy, isSame, sha256, toBase64, utf8 } from './steps.ts';

/** What a signature covers besides the body. */
interface SignedRequest {
  method: string;
  /** The URL that the sender requested: behind a reverse proxy, the public one. */
  url: string;
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
 * HTTP Message Signatures.
 * @example verify(rawBody, headers, jwks, { scheme: rfc9421({ url: 'https://example.com/hooks' }) })
 */
export function rfc9421({ method = 'POST', url }: { method?: string; url: string }): Scheme {
  return (body, headers, secrets, clock) => check(body, headers, secrets, clock, { method, url });
}

/** Returns whether the signature covers the id. Takes the keys of your own tenant, never keys that a request names. */
function* check(body: Uint8Array, headers: HeadersLike, secrets: readonly Secret[], clock: Clock, request: SignedRequest): Check<boolean> {
  const keys = keysOf(secrets);
  if (headerOf(headers, 'content-digest') !== `sha-256=:${toBase64(yield* sha256(body))}:`)
    throw new WebhookVerificationError('no_match', 'content-digest does not match the body');
  for (const { params, components, alg, signature, created } of offeredBy(
    headerOf(headers, 'signature-input'),
    headerOf(headers, 'signature'),
  )) {
    if (!alwaysCovered.every((name) => components.includes(name))) continue;
    const base = utf8(baseOf(request, headers, components, params));
    let matches = false;
    if (alg === 'ed25519') for (const key of keys.ed25519) matches ||= yield* isBy(key, signature, base);
    else for (const key of keys.hmac) matches ||= isSame(signature, toBase64(yield* hmac('sha256', key, base)));
    if (!matches) continue;
    checkAge(created, clock);
    return components.includes('webhook-id');
  }
  throw new WebhookVerificationError('no_match', 'no signature over method, URL and body matches');
}

function offeredBy(input: string, signature: string): Offered[] {
  const signatures = membersOf(signature);
  return [...membersOf(input)].slice(0, mostSignatures).flatMap(([label, params]) => {
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

function baseOf({ method, url }: SignedRequest, headers: HeadersLike, components: string[], params: string): string {
  const { origin, host, pathname, search, protocol, href } = new URL(url);
  const [text = ''] = href.split('#', 1);
  const derived = new Map([
    ['@method', method],
    // unlike `pathname + search`, the text keeps a question mark at the end
    ['@target-uri', origin + text.slice(text.indexOf('/', protocol.length + 2))],
    ['@authority', host],
    ['@path', pathname],
    ['@query', search === '' ? '?' : search],
  ]);
  const lines = components.map((name) => `"${name}": ${derived.get(name) ?? headerOf(headers, name)}`);
  return [...lines, `"@signature-params": ${params}`].join('\n');
}
