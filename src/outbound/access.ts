// What an endpoint demands beyond plain headers: an OAuth access token, a client certificate.
// Read for each request, when its connection and its `authorization` header are chosen.
import { createHash } from 'node:crypto';
import type { ClientTls, EndpointTarget, OAuthClient } from '#domain/endpoints/endpoint-target';

export interface Access {
  endpointId: string;
  oauth: OAuthClient | null;
  tls: ClientTls | null;
}

/** Undefined when the endpoint needs neither, as most do. */
export function accessOf(endpointId: string, { auth, tls }: EndpointTarget): Access | undefined {
  const oauth = auth?.type === 'oauth2' ? auth : null;
  return oauth || tls ? { endpointId, oauth, tls: tls ?? null } : undefined;
}

/**
 * The client certificate of a TLS connection and the authorities it trusts. Two identities never share a connection or
 * a TLS session.
 */
export interface TlsIdentity {
  /** A SHA-256 hash of certificate, key and authorities: it does not reveal the key. */
  id: string;
  tls: ClientTls;
}

const identities = new WeakMap<ClientTls, TlsIdentity>();

export function identityOf(access: Access | undefined): TlsIdentity | null {
  const tls = access?.tls;
  if (!tls) return null;
  const known = identities.get(tls);
  if (known) return known;
  const id = createHash('sha256')
    .update(JSON.stringify([tls.certificate, tls.key, tls.ca]))
    .digest('base64');
  const identity = { id, tls };
  identities.set(tls, identity);
  return identity;
}
