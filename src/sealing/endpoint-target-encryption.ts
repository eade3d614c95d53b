// Encrypts endpoint targets at rest: one encrypted JSON document each, bound to the endpoint's id.
// A past target, kept to show what earlier attempts sent, has no secrets.

import { type EndpointTarget, hideSecrets, hideValues, type ShownTarget } from '#domain/endpoints/endpoint-target';
import { expiryOf, showCertificate } from './client-certificate.ts';
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

/** The target without its secrets. */
export function showTarget({ url, headers, auth, tls }: EndpointTarget): ShownTarget {
  return { url, headers: hideValues(headers), auth: auth && hideSecrets(auth), tls: tls ? showCertificate(tls) : null };
}

/** Makes the past target of a stored target. */
export function sealPastTarget(vault: Pick<Vault, 'seal' | 'open'>, endpointId: string, sealed: Uint8Array): Uint8Array {
  const shown = showTarget(openTarget(vault, endpointId, sealed));
  return vault.seal(Buffer.from(JSON.stringify(shown)), pastContext(endpointId));
}

/** Throws VaultError. */
export function openPastTarget(vault: Pick<Vault, 'open'>, endpointId: string, sealed: Uint8Array): ShownTarget {
  return JSON.parse(Buffer.from(vault.open(sealed, pastContext(endpointId))).toString());
}

/** Not that of a target: a past one can never be put in its place. */
export function pastContext(endpointId: string): string {
  return `past target of ${endpointId}`;
}
