// Makes all signature headers of a request, as `signing` of its endpoint says. Every live secret
// and key signs. If one of the schemes has no live key, it throws and nothing is sent: a request
// never leaves with fewer kinds of signatures than the endpoint expects.
import type { KeyObject } from 'node:crypto';
import type { SecretForm } from '#domain/endpoints/secret';
import { messageSecretForm, type Signing } from '#domain/endpoints/signing';
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
  /** All other headers; names set by Posthorn are in lower case. */
  headers: Record<string, string>;
}

export interface Signers {
  /** The endpoint's live secrets, newest first. */
  secrets: readonly SigningSecret[];
  /** The private ed25519 keys that sign now, newest first. Needed only where `signsWithKeyPair`. */
  keyPairs: readonly MessageKey[];
}

/** No dots: they separate id, time and body in the signed text, so a dot in the id would make the text ambiguous. */
const unambiguousId = /^[A-Za-z0-9_-]+$/;

/**
 * `signing` null: Standard Webhooks v1. Throws when a scheme has no live secret or key, or when the id contains a dot.
 */
export function signatureHeaders(request: RequestToSign, signing: Signing | null, { secrets, keyPairs }: Signers): Record<string, string> {
  if (!unambiguousId.test(request.id) || !Number.isSafeInteger(request.timestamp))
    throw new Error('the id or timestamp cannot be signed unambiguously');
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
