// Standard Webhooks signatures (symmetric, version v1) and the text form of their secrets.
// Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
import { createHmac, type KeyObject } from 'node:crypto';

const prefix = 'whsec_';
const shortest = 24;
const longest = 64;

export class InvalidSecret extends Error {
  override readonly name = 'InvalidSecret';
}

interface Signable {
  /** `webhook-id` */
  id: string;
  /** `webhook-timestamp`: seconds since 1970 */
  timestamp: number;
  /** exactly the bytes that are sent */
  body: Uint8Array;
  /** the live secrets, several during a rotation; as key objects they are several times faster */
  secrets: readonly (KeyObject | Uint8Array)[];
}

/** The value of `webhook-signature`: one `v1,<base64>` per secret, separated by spaces. */
export function signStandard({ id, timestamp, body, secrets }: Signable): string {
  const head = `${id}.${timestamp}.`;
  return secrets.map((secret) => `v1,${createHmac('sha256', secret).update(head).update(body).digest('base64')}`).join(' ');
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
