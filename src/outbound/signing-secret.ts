// A live secret of an endpoint, as a key in each form that the signing schemes use (`whsec`, text,
// hex, base64). Each form is decoded once and cached.
import { createSecretKey, type KeyObject } from 'node:crypto';
import { bareBase64, type SecretForm, secretProblem } from '#domain/endpoints/secret';

export interface SigningSecret {
  id: string;
  /** Null: the secret's text is not valid in this form. */
  key(form: SecretForm): KeyObject | null;
}

export function signingSecret(id: string, text: string): SigningSecret {
  const keys = new Map<SecretForm, KeyObject | null>();
  return {
    id,
    key(form) {
      let key = keys.get(form);
      if (key === undefined) {
        key = secretProblem(text, form) === null ? createSecretKey(bytesOf(text, form)) : null;
        keys.set(form, key);
      }
      return key;
    },
  };
}

function bytesOf(text: string, form: SecretForm): Buffer {
  if (form === 'text') return Buffer.from(text);
  return form === 'hex' ? Buffer.from(text, 'hex') : Buffer.from(bareBase64(text), 'base64');
}
