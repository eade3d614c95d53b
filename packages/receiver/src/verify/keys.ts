// Reads the secrets and public keys that a receiver is configured with.
import { WebhookVerificationError } from './errors.ts';
import { fromBase64 } from './steps.ts';

/** A JWK set, as Posthorn publishes it at `/.well-known/tenants/{tenant}/jwks.json`. Only Ed25519 keys are used. */
export interface JwkSet {
  keys: readonly { kty?: string; crv?: string; x?: string }[];
}

/**
 * `whsec_…`: a secret. `whpk_…`: a public key. Bytes: a decoded secret. A JWK set: all its public keys.
 * A custom scheme takes the text of its secret, as its `secretAs` says.
 */
export type Secret = string | Uint8Array | JwkSet;

export interface Keys {
  hmac: Uint8Array[];
  ed25519: Uint8Array[];
}

const bad = (message: string) => new WebhookVerificationError('bad_secret', message);

/** Throws WebhookVerificationError, `bad_secret`. */
export function keysOf(secrets: readonly Secret[]): Keys {
  const keys: Keys = { hmac: [], ed25519: [] };
  for (const secret of secrets) {
    if (secret instanceof Uint8Array) keys.hmac.push(secret);
    else if (typeof secret !== 'string') keys.ed25519.push(...publicKeysIn(secret));
    else if (secret.startsWith('whpk_')) keys.ed25519.push(publicKeyOf(secret));
    else keys.hmac.push(secretKeyOf(secret));
  }
  if (keys.hmac.length + keys.ed25519.length === 0 || keys.hmac.some(({ length }) => length === 0))
    throw bad('no secret and no public key was given, or an empty one');
  return keys;
}

const mostDecoded = 100;
const decoded = new Map<string, Uint8Array>();

/** Decoding a secret costs as much as the HMAC. */
function secretKeyOf(secret: string): Uint8Array {
  const known = decoded.get(secret);
  if (known) return known;
  const base64 = secret.replace(/^whsec_/, '');
  if (!/^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64) || base64 === '')
    throw bad('a secret must be whsec_ followed by base64');
  const key = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  if (decoded.size >= mostDecoded) decoded.clear();
  decoded.set(secret, key);
  return key;
}

function publicKeyOf(text: string): Uint8Array {
  const bytes = fromBase64(text.replace(/^whpk_/, ''));
  if (bytes?.length !== 32) throw bad('a public key must be whpk_ followed by the base64 of 32 bytes');
  return bytes;
}

function publicKeysIn(set: JwkSet): Uint8Array[] {
  return (set?.keys ?? [])
    .filter(({ kty, crv }) => kty === 'OKP' && crv === 'Ed25519')
    .map(({ x = '' }) => publicKeyOf(`${x.replaceAll('-', '+').replaceAll('_', '/')}=`));
}
