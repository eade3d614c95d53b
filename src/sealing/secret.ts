// Encrypts signing secrets at rest, bound to their own id. A `whsec_` text is stored as its 24 to
// 64 bytes. Any other text is stored after a mark that is longer than those.
import { type SecretForm, secretProblem } from '#domain/endpoints/secret';
import { decodeSecret, encodeSecret } from '#outbound/sign';
import type { Vault } from './vault.ts';

const textMark = Buffer.alloc(65);

export function sealSecret(vault: Pick<Vault, 'seal'>, secretId: string, text: string): Uint8Array {
  return vault.seal(plainOf(text), secretId);
}

/** Returns the decrypted text of the secret. Throws VaultError. */
export function openSecret(vault: Pick<Vault, 'open'>, secretId: string, sealed: Uint8Array): string {
  const plain = Buffer.from(vault.open(sealed, secretId));
  if (plain.length <= textMark.length) return encodeSecret(plain);
  return plain.subarray(textMark.length).toString();
}

/** Makes a secret that is valid in all `forms` from 32 random bytes: a `whsec_` text if it fits them all, else hex. */
export function newSecret(forms: readonly SecretForm[], random: Uint8Array): string {
  const whsec = encodeSecret(random);
  return forms.every((form) => secretProblem(whsec, form) === null) ? whsec : Buffer.from(random).toString('hex');
}

function plainOf(text: string): Uint8Array {
  // only if decoding gives back exactly the same text, because some forms use the text itself as the key
  const bytes = secretProblem(text, 'whsec') === null ? Buffer.from(text.slice('whsec_'.length), 'base64') : null;
  return bytes && encodeSecret(bytes) === text ? decodeSecret(text) : Buffer.concat([textMark, Buffer.from(text)]);
}
