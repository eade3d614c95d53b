// Signing secrets at rest, bound to their own id. A `whsec_` text is kept as its 24 to 64 bytes; any other text behind a mark longer than those.
import { type SecretForm, secretProblem } from '#domain/secret';
import { decodeSecret, encodeSecret } from '#outbound/sign';
import type { Vault } from './vault.ts';

const textMark = Buffer.alloc(65);

export function sealSecret(vault: Pick<Vault, 'seal'>, secretId: string, text: string): Uint8Array {
  return vault.seal(plainOf(text), secretId);
}

/** Its text. Throws VaultError. */
export function openSecret(vault: Pick<Vault, 'open'>, secretId: string, sealed: Uint8Array): string {
  const plain = Buffer.from(vault.open(sealed, secretId));
  if (plain.length <= textMark.length) return encodeSecret(plain);
  return plain.subarray(textMark.length).toString();
}

/** A new secret that has all these forms, made of 32 random bytes: hex is a text of its own, the others read `whsec_` each in their way. */
export function newSecret(forms: readonly SecretForm[], random: Uint8Array): string {
  const whsec = encodeSecret(random);
  return forms.every((form) => secretProblem(whsec, form) === null) ? whsec : Buffer.from(random).toString('hex');
}

function plainOf(text: string): Uint8Array {
  // only what comes back as the very same text: as a text it may be the key itself
  const bytes = secretProblem(text, 'whsec') === null ? Buffer.from(text.slice('whsec_'.length), 'base64') : null;
  return bytes && encodeSecret(bytes) === text ? decodeSecret(text) : Buffer.concat([textMark, Buffer.from(text)]);
}
