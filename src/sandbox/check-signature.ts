// Says whether a request to the sandbox is signed as its endpoint is configured.
import type { Request } from 'express';
import { isId } from '#domain/ids';
import { type VerificationFailure, WebhookVerificationError } from '#receiver';
import { type EndpointSigning, verifyRequest } from './verify-request.ts';

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
    const { method, headers, protocol, host, originalUrl } = request;
    verifyRequest({ method, url: `${protocol}://${host}${originalUrl}`, headers, body: body.start }, known);
    return 'valid';
  } catch (error) {
    if (error instanceof WebhookVerificationError) return error.reason;
    throw error;
  }
}
