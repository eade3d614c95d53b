// For receivers: verifies Standard Webhooks signatures, v1 (HMAC-SHA256) and v1a (ed25519): signed
// with the secret or key, unchanged, and recent. Published as `posthorn/receiver`. It shares no
// code with the signer on purpose, so that each checks the other.
import { createHmac, createPublicKey, type KeyObject, timingSafeEqual, verify } from 'node:crypto';

export type VerificationFailure =
  | 'missing_header'
  | 'malformed_header'
  | 'timestamp_too_old'
  | 'timestamp_too_new'
  | 'no_match'
  /** No secret or public key was given, or an invalid one: an error in the receiver's own configuration. */
  | 'bad_secret';

/** The only error that `verifyWebhook`, `verifyCustom` and `verifyMessage` throw for a request. */
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
  /** The bytes as received. A body that was parsed and serialized again does not match. */
  body: Uint8Array;
  /** `whsec_` and base64, as shown when the endpoint was created. During a rotation: the new and the old one. */
  secrets?: readonly string[];
  /**
   * `whpk_` and base64: the public keys of an endpoint with v1a. One valid signature of any secret or key is enough.
   */
  publicKeys?: readonly string[];
  /** How many seconds the timestamp may differ from `now`, either way. Default: 300. */
  toleranceSeconds?: number;
  /** Unix time in milliseconds. Default: the current time. */
  now?: number;
}

export interface VerifiedWebhook {
  id: string;
  timestamp: Date;
  /** True for a test event, whose type and data a person chose. Nothing has happened. */
  test: boolean;
}

/**
 * Returns the `webhook-id` and the time of this attempt. Throws WebhookVerificationError.
 * The id is the same on every retry: drop a duplicate whose id you have seen. A batch has its own id (`bat_…`); there,
 * look at the event ids in the elements of the body.
 * @example const { id, test } = verifyWebhook({ headers: request.headers, body: rawBody, secrets: [secret] });
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

/** `webhook-id`. Refuses a dot: dots separate the signed parts, so one signature would be valid for two messages. */
export function idOf(headers: WebhookToVerify['headers']): string {
  const id = headerOf(headers, 'webhook-id');
  if (id.includes('.')) throw new WebhookVerificationError('malformed_header', 'webhook-id contains a dot');
  return id;
}

/** `webhook-timestamp`, in seconds. Digits only, for the same reason as in `idOf`. */
export function timestampOf(headers: WebhookToVerify['headers']): string {
  const sentAt = headerOf(headers, 'webhook-timestamp');
  if (!/^[1-9]\d{0,11}$/.test(sentAt))
    throw new WebhookVerificationError('malformed_header', 'webhook-timestamp is not a Unix time in seconds');
  return sentAt;
}

/**
 * `sentAt`: seconds since 1970. Comparisons with NaN are false, so the conditions test what is allowed, not what is
 * refused.
 */
export function checkAge(sentAt: number, toleranceSeconds: number, now: number): void {
  const age = Math.floor(now / 1_000) - sentAt;
  if (!Number.isFinite(age)) throw new WebhookVerificationError('malformed_header', 'the time of the signature is not a number');
  if (!(age <= toleranceSeconds)) throw new WebhookVerificationError('timestamp_too_old', `the signature is ${age} seconds old`);
  if (!(-age <= toleranceSeconds))
    throw new WebhookVerificationError('timestamp_too_new', `the signature is dated ${-age} seconds in the future`);
}

export function headerOf(headers: WebhookToVerify['headers'], name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  if (value === undefined || value === null || value === '') throw new WebhookVerificationError('missing_header', `${name} is missing`);
  if (typeof value !== 'string') throw new WebhookVerificationError('malformed_header', `${name} is present more than once`);
  return value;
}

function keysOf(secrets: readonly string[]): Buffer[] {
  return secrets.map((secret) => {
    const base64 = secret.replace(/^whsec_/, '');
    if (!/^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64) || base64 === '') {
      throw new WebhookVerificationError('bad_secret', 'a secret must be whsec_ followed by base64');
    }
    return Buffer.from(base64, 'base64');
  });
}

/** Reads `whpk_` and the base64 of 32 bytes. */
export function publicKeyOf(text: string): KeyObject {
  const bytes = Buffer.from(text.replace(/^whpk_/, ''), 'base64');
  if (bytes.length !== 32)
    throw new WebhookVerificationError('bad_secret', 'a public key must be whpk_ followed by the base64 of 32 bytes');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') }, format: 'jwk' });
}

/**
 * Accepts only canonical base64: another spelling of the same signature would defeat duplicate detection by signature.
 */
export function isBy(key: KeyObject, content: Uint8Array, base64: string): boolean {
  const signature = Buffer.from(base64, 'base64');
  return signature.length === 64 && signature.toString('base64') === base64 && verify(null, content, key, signature);
}

export function isSame(offered: Buffer, right: Buffer): boolean {
  return offered.length === right.length && timingSafeEqual(offered, right);
}
