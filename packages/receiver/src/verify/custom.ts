// Verifies a request that is signed with a custom scheme, as the endpoint's `signing.custom` declares it. Checks the
// same things as standard.ts.
import { WebhookVerificationError } from './errors.ts';
import { type Clock, checkAge, type HeadersLike, headerOf, idOf, timestampOf } from './headers.ts';
import type { Secret } from './keys.ts';
import type { Scheme } from './scheme.ts';
import { type Check, fromBase64, fromHex, type HashName, hmac, isSame, toBase64, toHex, utf8 } from './steps.ts';

/** `signing.custom` of an endpoint (docs/signing.md). */
export interface CustomScheme {
  header: string;
  algorithm: HashName;
  encoding: 'hex' | 'base64';
  signed: '{id}.{timestamp}.{body}' | '{timestamp}.{body}' | '{body}';
  secretAs: 'text' | 'hex' | 'base64';
  prefix?: string | undefined;
  lead?: string | undefined;
  separator?: string | undefined;
  timestampHeader?: string | undefined;
}

/**
 * A scheme that is declared as `signing.custom` of the endpoint.
 * @example verify(rawBody, headers, secret, { scheme: customScheme({ header: 'x-hub-signature-256', … }) })
 */
export function customScheme(scheme: CustomScheme): Scheme {
  return (body, headers, secrets, clock) => check(body, headers, secrets, clock, scheme);
}

/** Returns whether the id is signed. A scheme over `{body}` alone signs neither time nor id: anyone who has seen a request can replay it with any id. */
function* check(body: Uint8Array, headers: HeadersLike, secrets: readonly Secret[], clock: Clock, scheme: CustomScheme): Check<boolean> {
  const { header, algorithm, encoding, prefix = '', signed, timestampHeader } = scheme;
  if (secrets.length === 0) throw new WebhookVerificationError('bad_secret', 'no secret was given');
  const keys = secrets.map((secret) => keyOf(secret, scheme.secretAs));
  const fill = fillerOf(headers);
  const offered = offeredIn(headerOf(headers, header.toLowerCase()), scheme, fill);
  if (signed.includes('{timestamp}')) checkAge(Number(timestampOf(headers)), clock);
  if (timestampHeader !== undefined && headerOf(headers, timestampHeader.toLowerCase()) !== fill('{timestamp}'))
    throw new WebhookVerificationError('no_match', `${timestampHeader} differs from webhook-timestamp`);
  const head = utf8(fill(signed.slice(0, -'{body}'.length)));
  for (const key of keys) {
    const digest = yield* hmac(algorithm, key, head, body);
    const right = prefix + (encoding === 'hex' ? toHex(digest) : toBase64(digest));
    if (offered.some((signature) => isSame(signature, right))) return signed.includes('{id}');
  }
  throw new WebhookVerificationError('no_match', `no signature in ${header} matches`);
}

/** Fills a template with header values. A header that the template does not name may be missing. */
function fillerOf(headers: HeadersLike): (template: string) => string {
  return (template) => template.replaceAll(/\{(id|timestamp)\}/g, (_, name) => (name === 'id' ? idOf(headers) : timestampOf(headers)));
}

/**
 * The signatures after the lead. The lead must be exactly what Posthorn writes, so that its time cannot differ from the
 * signed time.
 */
function offeredIn(value: string, { header, lead, separator }: CustomScheme, fill: (template: string) => string): string[] {
  if (separator === undefined) return [value];
  if (lead === undefined) return value.split(separator);
  const begin = fill(lead) + separator;
  if (!value.startsWith(begin)) throw new WebhookVerificationError('no_match', `${header} does not begin with the scheme's lead`);
  return value.slice(begin.length).split(separator);
}

/** Refuses text that would be decoded to fewer bytes or none: such a key is easy to guess. */
function keyOf(secret: Secret, as: CustomScheme['secretAs']): Uint8Array {
  if (secret instanceof Uint8Array && secret.length > 0) return secret;
  if (typeof secret === 'string' && secret !== '') {
    const bare = secret.replace(/^whsec_/, '');
    const key = as === 'text' ? utf8(secret) : as === 'hex' ? fromHex(bare) : fromBase64(bare);
    if (key !== null && key.length > 0) return key;
  }
  throw new WebhookVerificationError('bad_secret', `a secret cannot be decoded as ${as}`);
}
