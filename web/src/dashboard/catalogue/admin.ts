// Who may change the catalogue: it belongs to the installation.
import { useMay, useSignedIn } from '../../api/use.ts';

/** Why the catalogue cannot be changed; undefined: it can. */
export function useAdminBecause(): string | undefined {
  const may = useMay('admin');
  const signedIn = useSignedIn();
  if (!may) return 'needs the role admin';
  const isBound = signedIn.state !== 'signed_out' && signedIn.credential.tenant !== null;
  return isBound ? 'needs a key that is not bound to a tenant' : undefined;
}
