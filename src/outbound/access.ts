// What a request needs to be let in beyond its headers: a token that is to be asked for, a client certificate.
import { createHash } from 'node:crypto';
import type { ClientTls, EndpointTarget, OAuthClient } from '#domain/endpoint-target';

export interface Access {
  endpointId: string;
  oauth: OAuthClient | null;
  tls: ClientTls | null;
}

/** Undefined: most endpoints need nothing of it. */
export function accessOf(endpointId: string, { auth, tls }: EndpointTarget): Access | undefined {
  const oauth = auth?.type === 'oauth2' ? auth : null;
  return oauth || tls ? { endpointId, oauth, tls: tls ?? null } : undefined;
}

/** Who a TLS connection shows itself as, and whom it trusts: connections and sessions are never shared between two of them. */
export interface TlsIdentity {
  /** Tells nothing of the key. */
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
