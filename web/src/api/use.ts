// The credential and the connection for components.
import { useSyncExternalStore } from 'react';
import { type Connection, connection } from './connection.ts';
import { credential, type Holder, type SignedIn } from './credential.ts';

export const useConnection = (): Connection => useSyncExternalStore(connection.subscribe, connection.get);

export const useSignedIn = (): SignedIn => useSyncExternalStore(credential.subscribe, credential.get);

export const useHolder = (): Holder => useSyncExternalStore(credential.subscribe, credential.holder);

/** Whether the credential of this tab has a scope. */
export function useMay(scope: string): boolean {
  const signedIn = useSignedIn();
  if (signedIn.state === 'signed_out') return false;
  const { scopes } = signedIn.credential;
  return scopes.includes('admin') || scopes.includes(scope);
}

/** The tenant to which the credential of this tab is bound; null: all. */
export function useBoundTo(): string | null {
  const signedIn = useSignedIn();
  return signedIn.state === 'signed_out' ? null : signedIn.credential.tenant;
}

/** The lowest role that has a scope (docs/sign-in.md). */
const roleOf: Record<string, string> = { 'endpoints:read': 'viewer', 'deliveries:read': 'viewer', admin: 'admin' };

/** Why a button cannot be pressed, for its `because`: undefined if the credential of this tab has the scope. */
export function useLacks(scope: string): string | undefined {
  const may = useMay(scope);
  return may ? undefined : `needs the role ${roleOf[scope] ?? 'operator'}`;
}

/** Why a page shows nothing. `needs`: the scope that it cannot do without, if it is more than everybody has. */
export function useLacksPage(needs: string | undefined): string | undefined {
  const lacks = useLacks(needs ?? 'any');
  return needs === undefined ? undefined : lacks;
}

/** The same for what belongs to the installation and to none of its tenants. */
export function useLacksInstallation(): string | undefined {
  const [lacks, boundTo] = [useLacks('admin'), useBoundTo()];
  return lacks ?? (boundTo === null ? undefined : 'needs a key that is not bound to a tenant');
}
