// For receivers: was this webhook sent by a holder of the secret, lately, and unchanged? Standard Webhooks, scheme v1 (HMAC-SHA256).
// Stands alone on purpose: published as `posthorn/receiver`, it shares no line with the signer that it checks.
import { createHmac, timingSafeEqual } from 'node:crypto';

export type VerificationFailure =
  | 'missing_header'
  | 'malformed_header'
  | 'timestamp_too_old'
  | 'timestamp_too_new'
  | 'no_match'
  /** No secret was given, or one that is not base64: the receiver's own configuration is at fault. */
  | 'bad_secret';

/** The only error that `verifyWebhook` throws. */
export class WebhookVerificationError extends Error {
  override name = 'WebhookVerificationError';
  readonly reason: VerificationFailure;

  constructor(reason: VerificationFailure, message: string) {
    super(message);
    this.reason = reason;
  }
}

export interface WebhookToVerify {
  /** A Fetch API `Headers`, or a plain object such as Node's `request.headers`; names in any case. */
  headers: Headers | Record<string, string | readonly string[] | undefined>;
  /** The bytes as received. A body that was parsed and written again no longer matches. */
  body: Uint8Array;
  /** `whsec_` and base64, as shown when the endpoint was made. During a rotation: the new and the old one. */
  secrets: readonly string[];
  /** How far the sender's clock may be off, either way. */
  toleranceSeconds?: number;
  /** Unix time in milliseconds. */
  now?: number;
}

/**
 * Returns the `webhook-id` and when this attempt was sent; throws WebhookVerificationError. The id is the event's: drop what you have seen, since it is the
 * same on every retry. A batch (`bat_…`) has an id of its own: there each element of the body carries its event's, and that is what to look for.
 */
export function verifyWebhook({ headers, body, secrets, toleranceSeconds = 300, now = Date.now() }: WebhookToVerify): {
  id: string;
  timestamp: Date;
} {
  const [id, sentAt, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => headerOf(headers, name)) as [
    string,
    string,
    string,
  ];
  // the dot separates what is signed: inside an id it would let one signature stand for two messages
  if (id.includes('.')) throw new WebhookVerificationError('malformed_header', 'webhook-id contains a dot');
  if (!/^[1-9]\d{0,11}$/.test(sentAt))
    throw new WebhookVerificationError('malformed_header', 'webhook-timestamp is not a Unix time in seconds');

  const age = Math.floor(now / 1_000) - Number(sentAt);
  if (age > toleranceSeconds) throw new WebhookVerificationError('timestamp_too_old', `webhook-timestamp is ${age} seconds old`);
  if (-age > toleranceSeconds) throw new WebhookVerificationError('timestamp_too_new', `webhook-timestamp is ${-age} seconds ahead`);

  const offered = signatures.split(' ').flatMap((part) => (part.startsWith('v1,') ? [Buffer.from(part.slice(3))] : []));
  const expected = keysOf(secrets).map((key) =>
    Buffer.from(createHmac('sha256', key).update(`${id}.${sentAt}.`).update(body).digest('base64')),
  );
  if (!expected.some((right) => offered.some((signature) => isSame(signature, right)))) {
    throw new WebhookVerificationError('no_match', 'no v1 signature in webhook-signature matches');
  }
  return { id, timestamp: new Date(Number(sentAt) * 1_000) };
}

function headerOf(headers: WebhookToVerify['headers'], name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  if (value === undefined || value === null || value === '') throw new WebhookVerificationError('missing_header', `${name} is missing`);
  if (typeof value !== 'string') throw new WebhookVerificationError('malformed_header', `${name} is there more than once`);
  return value;
}

function keysOf(secrets: readonly string[]): Buffer[] {
  if (secrets.length === 0) throw new WebhookVerificationError('bad_secret', 'no secret was given');
  return secrets.map((secret) => {
    const base64 = secret.replace(/^whsec_/, '');
    if (!/^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64) || base64 === '') {
      throw new WebhookVerificationError('bad_secret', 'a secret is not whsec_ and base64');
    }
    return Buffer.from(base64, 'base64');
  });
}

function isSame(offered: Buffer, right: Buffer): boolean {
  return offered.length === right.length && timingSafeEqual(offered, right);
}
