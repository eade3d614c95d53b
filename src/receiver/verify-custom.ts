// For receivers of endpoints with a custom scheme: the same questions as in verify.ts, asked of a signature as the platform declared it.
import { createHmac } from 'node:crypto';
import type { CustomSigning } from '../domain/signing.ts';
import { checkAge, headerOf, isSame, type WebhookToVerify, WebhookVerificationError } from './verify.ts';

export interface CustomToVerify extends Pick<WebhookToVerify, 'headers' | 'body' | 'toleranceSeconds' | 'now'> {
  scheme: CustomSigning;
  /** As the scheme's `secretAs` reads them. */
  secrets: readonly string[];
}

/** Throws WebhookVerificationError unless one of the secrets signed it, lately where the scheme signs the time. */
export function verifyCustom({ headers, body, scheme, secrets, toleranceSeconds = 300, now = Date.now() }: CustomToVerify): void {
  const { header, algorithm, encoding, prefix = '', separator, signed, secretAs } = scheme;
  if (secrets.length === 0) throw new WebhookVerificationError('bad_secret', 'no secret was given');
  const value = headerOf(headers, header.toLowerCase());
  const offered = (separator === undefined ? [value] : value.split(separator)).filter((part) => part.startsWith(prefix));
  const [id, timestamp] = ['id', 'timestamp'].map((name) => (signed.includes(`{${name}}`) ? headerOf(headers, `webhook-${name}`) : ''));
  if (timestamp !== '') checkAge(Number(timestamp), toleranceSeconds, now);
  const head = signed
    .replace('{id}', () => id ?? '')
    .replace('{timestamp}', () => timestamp ?? '')
    .replace('{body}', '');
  const matches = secrets.some((secret) => {
    const key = secretAs === 'text' ? Buffer.from(secret) : Buffer.from(secret.replace(/^whsec_/, ''), secretAs);
    const right = prefix + createHmac(algorithm, key).update(head).update(body).digest(encoding);
    return offered.some((signature) => isSame(Buffer.from(signature), Buffer.from(right)));
  });
  if (!matches) throw new WebhookVerificationError('no_match', `no signature in ${header} matches`);
}
