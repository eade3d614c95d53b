// Verifies a sandbox request as a receiver would: every kind of signature that the endpoint is
// configured to have.
import type { Request } from 'express';
import { secretProblem } from '#domain/endpoints/secret';
import type { Signing } from '#domain/endpoints/signing';
import { isId } from '#domain/ids';
import { type VerificationFailure, verify, WebhookVerificationError } from '#receiver';
import { customScheme, rfc9421 } from '#receiver/schemes';

/** The signing settings of an endpoint and the keys to verify with. */
export interface EndpointSigning {
  signing: Signing | null;
  /** The texts of the live secrets. */
  secrets: string[];
  publicKeys: string[];
  /** The decoded keys for HMAC message signatures. */
  messageSecrets: Uint8Array[];
}

/** The result of verifying a recorded request. */
export type SignatureVerdict = 'valid' | VerificationFailure | 'unknown_delivery' | 'secrets_unavailable' | 'body_too_long';

/** Takes the id of an endpoint or a delivery; null: the request names none. Null: there is no such endpoint or delivery. */
export type SigningOf = (id: string | null) => Promise<EndpointSigning | null>;

export async function checkSignature(
  request: Request,
  body: { start: Buffer; bytes: number },
  signingOf: SigningOf,
): Promise<SignatureVerdict> {
  if (body.bytes > body.start.length) return 'body_too_long';
  // a batch has no delivery id and names its endpoint instead
  const id = request.get('posthorn-delivery') ?? request.get('posthorn-endpoint') ?? '';
  const known = await signingOf(isId('dlv', id) || isId('ep', id) ? id : null).catch(() => 'unavailable' as const);
  if (known === 'unavailable') return 'secrets_unavailable';
  if (known === null) return 'unknown_delivery';
  try {
    verifyAll(request, body.start, known);
    return 'valid';
  } catch (error) {
    if (error instanceof WebhookVerificationError) return error.reason;
    throw error;
  }
}

function verifyAll({ headers, method, protocol, host, originalUrl }: Request, body: Uint8Array, known: EndpointSigning): void {
  const { signing, secrets, publicKeys, messageSecrets } = known;
  const { schemes, custom, messageSignatures } = signing ?? { schemes: ['v1'] };
  const whsec = secrets.filter((text) => text.startsWith('whsec_'));
  if (schemes.includes('v1')) verify(body, headers, whsec);
  if (schemes.includes('v1a')) verify(body, headers, publicKeys);
  const fitting = secrets.filter((text) => custom && secretProblem(text, custom.secretAs) === null);
  if (custom) verify(body, headers, fitting, { scheme: customScheme(custom) });
  if (messageSignatures) {
    const url = `${protocol}://${host}${originalUrl}`;
    const keys = messageSignatures.algorithm === 'ed25519' ? publicKeys : messageSecrets;
    verify(body, headers, keys, { scheme: rfc9421({ method, url }) });
  }
}
