// Reads the secrets and public keys that a receiver is configured with.
import { WebhookVerificationError } from './errors.ts';
import { fromBase64 } from './steps.ts';

/** A JWK set, as Posthorn publishes it at `/.well-known/tenants/{tenant}/jwks.json`. Only Ed25519 keys are used. */
export interface JwkSet {
  keys: readonly { kty?: string; crv?: string; x?: string }[];
}

/**
 * `whsec_…`: a secret. `whpk_…`: a public key. Bytes: `{ hmac }`, a decoded secret, or `{ publicKey }`, the 32 bytes of an Ed25519
 * key. A JWK set: all its public keys. A custom scheme takes the text of its secret, as its `secretAs` says.
 */
export type Secret = string | { hmac: Uint8Array } | { publicKey: Uint8Array } | JwkSet;

export interface Keys {
  hmac: Uint8Array[];
  ed25519: Uint8Array[];
}

const bad = (message: string) => new WebhookVerificationError('bad_secret', message);

/** Throws WebhookVerificationError, `bad_secret`. */
export function keysOf(secrets: readonly Secret[]): Keys {
  const keys: Keys = { hmac: [], ed25519: [] };
  for (const secret of secrets) {
    // such as an environment variable that is not set
    if (!secret) continue;
    // as a secret, the bytes of a public key would let everybody sign
    if (secret instanceof Uint8Array) throw bad('bytes must be { hmac: … } if they are a secret, or { publicKey: … }');
    if (typeof secret !== 'string') readObject(secret, keys);
    else if (secret.startsWith('whpk_')) keys.ed25519.push(publicKeyOf(secret));
    else keys.hmac.push(secretKeyOf(secret));
  }
  if (keys.hmac.length + keys.ed25519.length === 0 || keys.hmac.some(({ length }) => length === 0))
    throw bad('no secret and no public key was given, or an empty one');
  return keys;
}

function readObject(secret: Exclude<Secret, string>, keys: Keys): void {
  if ('hmac' in secret) keys.hmac.push(secret.hmac);
  else if ('publicKey' in secret) keys.ed25519.push(publicBytes(secret.publicKey));
  else keys.ed25519.push(...publicKeysIn(secret));
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
  return publicBytes(fromBase64(text.replace(/^whpk_/, '')) ?? new Uint8Array());
}

function publicBytes(bytes: Uint8Array): Uint8Array {
  if (bytes.length !== 32) throw bad('a public key must have 32 bytes, and as a text be whpk_ followed by their base64');
  return bytes;
}

function publicKeysIn(set: JwkSet): Uint8Array[] {
  return (set?.keys ?? [])
    .filter(({ kty, crv }) => kty === 'OKP' && crv === 'Ed25519')
    .map(({ x = '' }) => publicKeyOf(`${x.replaceAll('-', '+').replaceAll('_', '/')}=`));
}
