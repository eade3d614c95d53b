// TLS settings for endpoints: TLS 1.2 or later, certificates always verified. Node's environment
// variables cannot weaken this.
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { LRUCache } from 'lru-cache';
import type { TlsIdentity } from './access.ts';

/** Limit of the cache. A context with its own authorities takes some hundred kilobytes. */
const contextsKept = 200;

export interface Trust {
  /** Cached. Null: the shared context of all endpoints without a TLS identity. */
  contextOf(identity: TlsIdentity | null): SecureContext;
}

/** `ca`: PEM certificates to trust instead of Node's default authorities. */
export function createTrust(ca: string | string[] | undefined): Trust {
  let usual: SecureContext | undefined;
  const own = new LRUCache<string, SecureContext>({ max: contextsKept });

  function contextFor({ id, tls }: TlsIdentity): SecureContext {
    const context = own.get(id) ?? createSecureContext({ cert: tls.certificate, key: tls.key, ca: tls.ca ?? ca, minVersion: 'TLSv1.2' });
    own.set(id, context);
    return context;
  }

  return {
    contextOf(identity) {
      if (identity) return contextFor(identity);
      usual ??= createSecureContext({ ca, minVersion: 'TLSv1.2' });
      return usual;
    },
  };
}

/** Node's default authorities plus the operator's bundle. Undefined: only the default ones. */
export function authoritiesWith(bundle: string | undefined): string[] | undefined {
  return bundle === undefined ? undefined : [...getCACertificates('default'), bundle];
}
