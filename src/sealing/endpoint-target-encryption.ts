// Encrypts endpoint targets at rest: one encrypted JSON document each, bound to the endpoint's id.

import type { EndpointTarget } from '#domain/endpoint-target';
import { expiryOf } from './client-certificate.ts';
import type { Vault } from './vault.ts';

export interface SealedTarget {
  sealed: Uint8Array;
  /** Host and port. Only this, `tokenHost` and `tlsExpiresAt` are stored in plain text. */
  host: string;
  /** Host of the OAuth token server. Null or absent: there is none. */
  tokenHost?: string | null;
  /** Null or absent: there is no client certificate. */
  tlsExpiresAt?: Date | null;
}

export function sealTarget(vault: Pick<Vault, 'seal'>, endpointId: string, target: EndpointTarget): SealedTarget {
  return {
    sealed: vault.seal(Buffer.from(JSON.stringify(target)), endpointId),
    host: new URL(target.url).host,
    tokenHost: target.auth?.type === 'oauth2' ? new URL(target.auth.tokenUrl).host : null,
    tlsExpiresAt: target.tls ? expiryOf(target.tls) : null,
  };
}

/** Throws VaultError. */
export function openTarget(vault: Pick<Vault, 'open'>, endpointId: string, sealed: Uint8Array): EndpointTarget {
  return JSON.parse(Buffer.from(vault.open(sealed, endpointId)).toString());
}
