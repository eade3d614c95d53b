// Standard Webhooks signatures (v1, symmetric; v1a, ed25519) and the text form of symmetric secrets.
// Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
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
  /** exactly the bytes that are sent */
  body: Uint8Array;
}

/**
 * The value of `webhook-signature`: one `v1,<base64>` per secret, separated by spaces.
 * `secrets`: the live ones, several during a rotation; as key objects they are several times faster.
 */
export function signStandard({ id, timestamp, body, secrets }: Signable & { secrets: readonly (KeyObject | Uint8Array)[] }): string {
  const head = `${id}.${timestamp}.`;
  return secrets.map((secret) => `v1,${createHmac('sha256', secret).update(head).update(body).digest('base64')}`).join(' ');
}

/** The same with private ed25519 keys: one `v1a,<base64>` per key. */
export function signAsymmetric({ id, timestamp, body, keys }: Signable & { keys: readonly KeyObject[] }): string {
  const content = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  return keys.map((key) => `v1a,${sign(null, content, key).toString('base64')}`).join(' ');
}

/** The bytes of a `whsec_…` secret. Throws `InvalidSecret` (without quoting it) unless it is the exact base64 of 24 to 64 bytes. */
export function decodeSecret(text: string): Uint8Array {
  if (!text.startsWith(prefix)) throw new InvalidSecret(`a secret starts with ${prefix}`);
  const base64 = text.slice(prefix.length);
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.toString('base64') !== base64) throw new InvalidSecret(`${prefix} is followed by base64`);
  return ofSecretLength(bytes);
}

/** The `whsec_…` text of 24 to 64 bytes; else throws `InvalidSecret`. */
export function encodeSecret(bytes: Uint8Array): string {
  return prefix + Buffer.from(ofSecretLength(bytes)).toString('base64');
}

function ofSecretLength(bytes: Uint8Array): Uint8Array {
  if (bytes.length < shortest || bytes.length > longest) throw new InvalidSecret(`a secret has ${shortest} to ${longest} bytes`);
  return bytes;
}
