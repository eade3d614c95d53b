// Who may change the catalogue: it belongs to the installation.
import { useLacks, useSignedIn } from '../../api/use.ts';

/** Why the catalogue cannot be changed; undefined: it can. */
export function useAdminBecause(): string | undefined {
  const lacks = useLacks('admin');
  const signedIn = useSignedIn();
  const isBound = signedIn.state !== 'signed_out' && signedIn.credential.tenant !== null;
  if (lacks !== undefined) return lacks;
  return isBound ? 'needs a key that is not bound to a tenant' : undefined;
}
