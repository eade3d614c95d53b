// For receivers: was this webhook sent by a holder of the secret, lately, and unchanged? Standard Webhooks, schemes v1 (HMAC-SHA256) and v1a (ed25519).
// Stands alone on purpose: published as `posthorn/receiver`, it shares no line with the signer that it checks.
import { createHmac, createPublicKey, type KeyObject, timingSafeEqual, verify } from 'node:crypto';

export type VerificationFailure =
  | 'missing_header'
  | 'malformed_header'
  | 'timestamp_too_old'
  | 'timestamp_too_new'
  | 'no_match'
  /** No secret or public key was given, or one that is none: the receiver's own configuration is at fault. */
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
  secrets?: readonly string[];
  /** `whpk_` and base64: the public keys of an endpoint with v1a. One signature by any secret or key is enough. */
  publicKeys?: readonly string[];
  /** How far the sender's clock may be off, either way. */
  toleranceSeconds?: number;
  /** Unix time in milliseconds. */
  now?: number;
}

export interface VerifiedWebhook {
  id: string;
  timestamp: Date;
  /** A test event: a person asked for it, with a type and data of their choice. Nothing has happened. */
  test: boolean;
}

/**
 * Returns the `webhook-id` and when this attempt was sent; throws WebhookVerificationError. The id is the event's: drop what you have seen, since it is the
 * same on every retry. A batch (`bat_…`) has an id of its own: there each element of the body carries its event's, and that is what to look for.
 */
export function verifyWebhook({
  headers,
  body,
  secrets = [],
  publicKeys = [],
  toleranceSeconds = 300,
  now = Date.now(),
}: WebhookToVerify): VerifiedWebhook {
  const [id, sentAt, signatures] = [idOf(headers), timestampOf(headers), headerOf(headers, 'webhook-signature')];
  checkAge(Number(sentAt), toleranceSeconds, now);

  if (secrets.length + publicKeys.length === 0) throw new WebhookVerificationError('bad_secret', 'no secret and no public key was given');
  const offered = signatures.split(' ');
  const content = Buffer.concat([Buffer.from(`${id}.${sentAt}.`), body]);
  const expected = keysOf(secrets).map((key) => `v1,${createHmac('sha256', key).update(content).digest('base64')}`);
  const keys = publicKeys.map(publicKeyOf);
  const bySecret = expected.some((right) => offered.some((signature) => isSame(Buffer.from(signature), Buffer.from(right))));
  const byKey = () =>
    offered.some((signature) => signature.startsWith('v1a,') && keys.some((key) => isBy(key, content, signature.slice(4))));
  if (!bySecret && !byKey()) throw new WebhookVerificationError('no_match', 'no signature in webhook-signature matches');
  return { id, timestamp: new Date(Number(sentAt) * 1_000), test: id.startsWith('test_') };
}

/** `webhook-id`. The dot separates what is signed: inside an id it would let one signature stand for two messages. */
export function idOf(headers: WebhookToVerify['headers']): string {
  const id = headerOf(headers, 'webhook-id');
  if (id.includes('.')) throw new WebhookVerificationError('malformed_header', 'webhook-id contains a dot');
  return id;
}

/** `webhook-timestamp`: digits only, for the same reason. */
export function timestampOf(headers: WebhookToVerify['headers']): string {
  const sentAt = headerOf(headers, 'webhook-timestamp');
  if (!/^[1-9]\d{0,11}$/.test(sentAt))
    throw new WebhookVerificationError('malformed_header', 'webhook-timestamp is not a Unix time in seconds');
  return sentAt;
}

/** Of a time in seconds since 1970. Any comparison with NaN is false, so these ask for what is allowed, not for what is refused. */
export function checkAge(sentAt: number, toleranceSeconds: number, now: number): void {
  const age = Math.floor(now / 1_000) - sentAt;
  if (!Number.isFinite(age)) throw new WebhookVerificationError('malformed_header', 'the time of the signature is not a number');
  if (!(age <= toleranceSeconds)) throw new WebhookVerificationError('timestamp_too_old', `the signature is ${age} seconds old`);
  if (!(-age <= toleranceSeconds)) throw new WebhookVerificationError('timestamp_too_new', `the signature is ${-age} seconds ahead`);
}

export function headerOf(headers: WebhookToVerify['headers'], name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  if (value === undefined || value === null || value === '') throw new WebhookVerificationError('missing_header', `${name} is missing`);
  if (typeof value !== 'string') throw new WebhookVerificationError('malformed_header', `${name} is there more than once`);
  return value;
}

function keysOf(secrets: readonly string[]): Buffer[] {
  return secrets.map((secret) => {
    const base64 = secret.replace(/^whsec_/, '');
    if (!/^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64) || base64 === '') {
      throw new WebhookVerificationError('bad_secret', 'a secret is not whsec_ and base64');
    }
    return Buffer.from(base64, 'base64');
  });
}

/** Of `whpk_` and the base64 of 32 bytes. */
export function publicKeyOf(text: string): KeyObject {
  const bytes = Buffer.from(text.replace(/^whpk_/, ''), 'base64');
  if (bytes.length !== 32) throw new WebhookVerificationError('bad_secret', 'a public key is not whpk_ and base64');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') }, format: 'jwk' });
}

/** The signature in exactly its base64: another spelling of it would be another message to whoever drops repeats by it. */
export function isBy(key: KeyObject, content: Uint8Array, base64: string): boolean {
  const signature = Buffer.from(base64, 'base64');
  return signature.length === 64 && signature.toString('base64') === base64 && verify(null, content, key, signature);
}

export function isSame(offered: Buffer, right: Buffer): boolean {
  return offered.length === right.length && timingSafeEqual(offered, right);
}
