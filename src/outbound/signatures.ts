// All that signs a request, as its endpoint wants it. Every live secret and key signs; where one of the ways finds none, nothing is signed at all:
// a request is never sent with fewer kinds of signatures than were asked for.
import type { KeyObject } from 'node:crypto';
import type { SecretForm } from '#domain/secret';
import { messageSecretForm, type Signing } from '#domain/signing';
import { signAsymmetric, signStandard } from './sign.ts';
import { customHeaders } from './sign-custom.ts';
import { type MessageKey, messageSignatureHeaders } from './sign-message.ts';
import type { SigningSecret } from './signing-secret.ts';

export interface RequestToSign {
  /** `webhook-id` */
  id: string;
  /** `webhook-timestamp`: seconds since 1970 */
  timestamp: number;
  url: string;
  /** Exactly the bytes that are sent. */
  body: Uint8Array;
  /** All others, those of ours in lower case. */
  headers: Record<string, string>;
}

export interface Signers {
  /** The endpoint's live secrets, the newest first. */
  secrets: readonly SigningSecret[];
  /** The private ed25519 keys that sign now, the newest first; asked for only where `signsWithKeyPair`. */
  keyPairs: readonly MessageKey[];
}

/** Else what is signed could be read as another id, time and body: the dots between them are its only borders. */
const unambiguousId = /^[A-Za-z0-9_-]+$/;

/** The headers that sign; null: by Standard Webhooks v1. Throws when a way to sign finds no live secret or key, or the id has a dot. */
export function signatureHeaders(request: RequestToSign, signing: Signing | null, { secrets, keyPairs }: Signers): Record<string, string> {
  if (!unambiguousId.test(request.id) || !Number.isSafeInteger(request.timestamp)) throw new Error('an id or a time that cannot be signed');
  if (signing === null) return { 'webhook-signature': signStandard({ ...request, secrets: keysOf(secrets, 'whsec') }) };
  const { schemes, custom, messageSignatures } = signing;
  const standard = schemes.map((scheme) =>
    scheme === 'v1'
      ? signStandard({ ...request, secrets: keysOf(secrets, 'whsec') })
      : signAsymmetric({ ...request, keys: some(keyPairs, 'signing key').map(({ key }) => key) }),
  );
  return {
    ...(standard.length > 0 && { 'webhook-signature': standard.join(' ') }),
    ...(custom && customHeaders(custom, request, keysOf(secrets, custom.secretAs))),
    ...(messageSignatures && messageSignatureHeaders(messageSignatures, request, messageKeys(signing, { secrets, keyPairs }))),
  };
}

function messageKeys(signing: Signing, { secrets, keyPairs }: Signers): readonly MessageKey[] {
  if (signing.messageSignatures?.algorithm === 'ed25519') return some(keyPairs, 'signing key');
  const form = messageSecretForm(signing);
  const keys = secrets.flatMap((secret) => {
    const key = secret.key(form);
    return key ? [{ keyId: secret.id, key }] : [];
  });
  return some(keys, 'secret');
}

function keysOf(secrets: readonly SigningSecret[], form: SecretForm): readonly KeyObject[] {
  const keys: KeyObject[] = [];
  for (const secret of secrets) {
    const key = secret.key(form);
    if (key) keys.push(key);
  }
  return some(keys, 'secret');
}

function some<T>(found: readonly T[], what: string): readonly T[] {
  if (found.length === 0) throw new Error(`the endpoint has no live ${what}`);
  return found;
}
