// Makes Standard Webhooks signatures (v1: HMAC-SHA256; v1a: ed25519) and reads `whsec_…` secrets.
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
import { createHmac, type KeyObject, sign } from 'node:crypto';

const prefix = 'whsec_';
const shortest = 24;
const longest = 64;

export class InvalidSecret extends Error {
  override readonly name = 'InvalidSecret';
}

export interface Signable {
  /** `webhook-id` */
  id: string;
  /** `webhook-timestamp`: seconds since 1970 */
  timestamp: number;
  /** Exactly the bytes that are sent. */
  body: Uint8Array;
}

/**
 * The value of `webhook-signature`: one `v1,<base64>` per secret, separated by spaces.
 * `secrets`: the live ones, several during a rotation. Key objects are several times faster than bytes.
 */
export function signStandard({ id, timestamp, body, secrets }: Signable & { secrets: readonly (KeyObject | Uint8Array)[] }): string {
  const head = `${id}.${timestamp}.`;
  return secrets.map((secret) => `v1,${createHmac('sha256', secret).update(head).update(body).digest('base64')}`).join(' ');
}

/** Like `signStandard`, with private ed25519 keys: one `v1a,<base64>` per key. */
export function signAsymmetric({ id, timestamp, body, keys }: Signable & { keys: readonly KeyObject[] }): string {
  const content = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  return keys.map((key) => `v1a,${sign(null, content, key).toString('base64')}`).join(' ');
}

/**
 * The bytes of a `whsec_…` secret. Throws `InvalidSecret` (without quoting it) unless it is the exact base64 of 24 to
 * 64 bytes.
 */
export function decodeSecret(text: string): Uint8Array {
  if (!text.startsWith(prefix)) throw new InvalidSecret(`a secret must start with ${prefix}`);
  const base64 = text.slice(prefix.length);
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.toString('base64') !== base64) throw new InvalidSecret(`${prefix} must be followed by base64`);
  return ofSecretLength(bytes);
}

/** The `whsec_…` text of 24 to 64 bytes. Throws `InvalidSecret` for any other length. */
export function encodeSecret(bytes: Uint8Array): string {
  return prefix + Buffer.from(ofSecretLength(bytes)).toString('base64');
}

function ofSecretLength(bytes: Uint8Array): Uint8Array {
  if (bytes.length < shortest || bytes.length > longest) throw new InvalidSecret(`a secret must have ${shortest} to ${longest} bytes`);
  return bytes;
}
