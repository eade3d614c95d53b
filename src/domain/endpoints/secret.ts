// Signing secret: a text that both sides know. Its form says how the text becomes an HMAC key.
// Each signing scheme needs one form.
import { z } from 'zod';

/** whsec: `whsec_` and base64 (Standard Webhooks); text: the bytes of the text; hex, base64: the decoded bytes. */
export type SecretForm = 'whsec' | 'text' | 'hex' | 'base64';

/** `whsec_` and the base64 of 24 to 64 bytes (Standard Webhooks). */
export const secretText = z
  .string()
  .max(100)
  .regex(/^whsec_([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, 'must be whsec_ and base64')
  .refine((text) => bytesOf(text.slice('whsec_'.length)) >= 24 && bytesOf(text.slice('whsec_'.length)) < 65, {
    message: 'must be whsec_ and the base64 of 24 to 64 bytes',
  });

/** Any accepted secret. `secretProblem` checks the forms that the endpoint's signing needs. */
export const givenSecret = z
  .string()
  .min(16)
  .max(200)
  .regex(/^[\x20-\x7e]*$/, 'must be visible ASCII without line breaks')
  .describe('signing secret: whsec_ and the base64 of 24 to 64 bytes; with only a custom scheme, a text in its format (docs/signing.md)');

/** Why the text is not a valid secret of this form; null: it is valid. */
export function secretProblem(text: string, form: SecretForm): string | null {
  if (form === 'whsec') return secretText.safeParse(text).success ? null : 'must be whsec_ and the base64 of 24 to 64 bytes';
  if (form === 'hex') return /^([0-9a-f]{2}){16,64}$/i.test(text) ? null : 'must be 16 to 64 bytes in hex';
  if (form === 'base64') {
    const base64 = bareBase64(text);
    const fits =
      /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64) && bytesOf(base64) >= 16 && bytesOf(base64) < 65;
    return fits ? null : 'must be 16 to 64 bytes in base64';
  }
  return givenSecret.safeParse(text).success ? null : 'must be 16 to 200 characters of visible ASCII';
}

/** The base64 part of a secret, without the prefix `whsec_`. */
export function bareBase64(text: string): string {
  return text.startsWith('whsec_') ? text.slice('whsec_'.length) : text;
}

function bytesOf(base64: string): number {
  return Math.floor(base64.replace(/={1,2}$/, '').length * 0.75);
}
