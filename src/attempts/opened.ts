// What is sealed, opened once for as long as its sealed bytes are held: the endpoint cache holds them, and forgets them when they change.
import type { EndpointTarget } from '../domain/endpoint-target.ts';
import { type SigningSecret, signingSecret } from '../outbound/signing-secret.ts';
import { openSecret } from '../secret.ts';
import { openTarget } from '../target.ts';
import type { Vault } from '../vault.ts';

export interface Opened {
  secret(secret: { id: string; sealed: Uint8Array }): SigningSecret;
  target(endpointId: string, sealed: Uint8Array): EndpointTarget;
}

/** Its functions throw VaultError. */
export function createOpened(vault: Pick<Vault, 'open'>): Opened {
  return {
    secret: onceFor(
      ({ id, sealed }) => signingSecret(id, openSecret(vault, id, sealed)),
      ({ sealed }) => sealed,
    ),
    target: onceFor(
      (endpointId, sealed) => openTarget(vault, endpointId, sealed),
      (_endpointId, sealed) => sealed,
    ),
  };
}

function onceFor<A extends unknown[], T>(open: (...args: A) => T, sealedOf: (...args: A) => Uint8Array): (...args: A) => T {
  const opened = new WeakMap<Uint8Array, { value: T }>();
  return (...args) => {
    const sealed = sealedOf(...args);
    const known = opened.get(sealed) ?? { value: open(...args) };
    opened.set(sealed, known);
    return known.value;
  };
}
