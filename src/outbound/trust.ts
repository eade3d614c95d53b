// How TLS is spoken to endpoints: 1.2 or later, certificates verified, whatever the environment of this process says to Node.
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import type { TlsIdentity } from './access.ts';

/** One with authorities of its own holds some hundred kilobytes. */
const contextsKept = 200;

export interface Trust {
  /** Made once for everybody (null), or for this client certificate. */
  contextOf(identity: TlsIdentity | null): SecureContext;
}

/** `ca`: PEM certificates to trust instead of the usual authorities. */
export function createTrust(ca: string | string[] | undefined): Trust {
  let usual: SecureContext | undefined;
  const own = new Map<string, SecureContext>();

  function contextFor({ id, tls }: TlsIdentity): SecureContext {
    const context = own.get(id) ?? createSecureContext({ cert: tls.certificate, key: tls.key, ca: tls.ca ?? ca, minVersion: 'TLSv1.2' });
    // last used, last in order
    own.delete(id);
    own.set(id, context);
    const oldest = own.keys().next();
    if (own.size > contextsKept && !oldest.done) own.delete(oldest.value);
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

/** The usual authorities and those of the operator's; undefined: the usual ones alone. */
export function authoritiesWith(bundle: string | undefined): string[] | undefined {
  return bundle === undefined ? undefined : [...getCACertificates('default'), bundle];
}
