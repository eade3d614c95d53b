// Targets of endpoints at rest: one sealed JSON document each, bound to the endpoint's id.
import type { EndpointTarget } from './domain/endpoint-target.ts';
import type { Vault } from './vault.ts';

export interface SealedTarget {
  sealed: Uint8Array;
  /** Host and port: all of the target that is in sight. */
  host: string;
}

export function sealTarget(vault: Pick<Vault, 'seal'>, endpointId: string, target: EndpointTarget): SealedTarget {
  return { sealed: vault.seal(Buffer.from(JSON.stringify(target)), endpointId), host: new URL(target.url).host };
}

/** Throws VaultError. */
export function openTarget(vault: Pick<Vault, 'open'>, endpointId: string, sealed: Uint8Array): EndpointTarget {
  return JSON.parse(Buffer.from(vault.open(sealed, endpointId)).toString());
}
