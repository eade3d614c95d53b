// Verifies a request as a receiver would: every kind of signature that its endpoint is configured to have.
import { secretProblem } from '#domain/endpoints/secret';
import type { Signing } from '#domain/endpoints/signing';
import { type HeadersLike, verify } from '#receiver';
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

export interface SignedRequest {
  method: string;
  url: string;
  headers: HeadersLike;
  body: Uint8Array;
  /** When it arrived, in Unix milliseconds. Absent: now. */
  atMs?: number;
}

/** Throws WebhookVerificationError. */
export function verifyRequest({ method, url, headers, body, atMs: now }: SignedRequest, known: EndpointSigning): void {
  const { signing, secrets, publicKeys, messageSecrets } = known;
  const { schemes, custom, messageSignatures } = signing ?? { schemes: ['v1'] };
  const whsec = secrets.filter((text) => text.startsWith('whsec_'));
  if (schemes.includes('v1')) verify(body, headers, whsec, { now });
  if (schemes.includes('v1a')) verify(body, headers, publicKeys, { now });
  const fitting = secrets.filter((text) => custom && secretProblem(text, custom.secretAs) === null);
  if (custom) verify(body, headers, fitting, { now, scheme: customScheme(custom) });
  if (messageSignatures) {
    const keys = messageSignatures.algorithm === 'ed25519' ? publicKeys : messageSecrets.map((hmac) => ({ hmac }));
    verify(body, headers, keys, { now, scheme: rfc9421({ method, url }) });
  }
}
