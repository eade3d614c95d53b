// For receivers: verifies a request that is signed with a custom scheme, as the endpoint's
// `signing.custom` declares it. Checks the same things as verify.ts.
import { createHmac } from 'node:crypto';
import type { CustomSigning } from '#domain/endpoints/signing';
import { checkAge, headerOf, idOf, isSame, timestampOf, type WebhookToVerify, WebhookVerificationError } from './verify.ts';

export interface CustomToVerify extends Pick<WebhookToVerify, 'headers' | 'body' | 'toleranceSeconds' | 'now'> {
  scheme: CustomSigning;
  /** Texts that the scheme's `secretAs` decodes to keys. */
  secrets: readonly string[];
}

/**
 * Throws WebhookVerificationError unless one of the secrets signed the request and, if the scheme signs the time, the
 * time is recent. A scheme over `{body}` alone signs neither time nor id: anyone who has seen a request can replay it
 * at any time and with any id.
 * @example
 * verifyCustom({ headers: request.headers, body: rawBody, scheme: endpoint.signing.custom, secrets: [secret] })
 */
export function verifyCustom({ headers, body, scheme, secrets, toleranceSeconds = 300, now = Date.now() }: CustomToVerify): void {
  const { header, algorithm, encoding, prefix = '', signed, timestampHeader } = scheme;
  if (secrets.length === 0) throw new WebhookVerificationError('bad_secret', 'no secret was given');
  const keys = secrets.map((secret) => keyOf(secret, scheme.secretAs));
  const fill = fillerOf(headers);
  const offered = offeredIn(headerOf(headers, header.toLowerCase()), scheme, fill);
  if (signed.includes('{timestamp}')) checkAge(Number(timestampOf(headers)), toleranceSeconds, now);
  if (timestampHeader !== undefined && headerOf(headers, timestampHeader.toLowerCase()) !== fill('{timestamp}'))
    throw new WebhookVerificationError('no_match', `${timestampHeader} differs from webhook-timestamp`);
  const head = fill(signed.slice(0, -'{body}'.length));
  const matches = keys.some((key) => {
    const right = Buffer.from(prefix + createHmac(algorithm, key).update(head).update(body).digest(encoding));
    return offered.some((signature) => isSame(Buffer.from(signature), right));
  });
  if (!matches) throw new WebhookVerificationError('no_match', `no signature in ${header} matches`);
}

/** Fills a template with header values. A header that the template does not name may be missing. */
function fillerOf(headers: CustomToVerify['headers']): (template: string) => string {
  return (template) => template.replaceAll(/\{(id|timestamp)\}/g, (_, name) => (name === 'id' ? idOf(headers) : timestampOf(headers)));
}

/**
 * The signatures after the lead. The lead must be exactly what Posthorn writes, so that its time cannot differ from the
 * signed time.
 */
function offeredIn(value: string, { header, lead, separator }: CustomSigning, fill: (template: string) => string): string[] {
  if (separator === undefined) return [value];
  if (lead === undefined) return value.split(separator);
  const begin = fill(lead) + separator;
  if (!value.startsWith(begin)) throw new WebhookVerificationError('no_match', `${header} does not begin with the scheme's lead`);
  return value.slice(begin.length).split(separator);
}

/** Refuses text that Node would decode to fewer bytes or none: such a key is easy to guess. */
function keyOf(secret: string, as: CustomSigning['secretAs']): Buffer {
  const text = as === 'text' ? secret : secret.replace(/^whsec_/, '');
  const encoding = as === 'text' ? 'utf8' : as;
  const key = Buffer.from(text, encoding);
  if (key.length === 0 || key.toString(encoding) !== (as === 'hex' ? text.toLowerCase() : text))
    throw new WebhookVerificationError('bad_secret', `a secret cannot be decoded as ${as}`);
  return key;
}
