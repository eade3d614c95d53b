// Caches decrypted secrets and targets, keyed by their ciphertext; decrypts the bodies of events.
// An entry lives as long as the ciphertext object. The endpoint cache holds that object and drops
// it when the endpoint changes, so a changed secret is decrypted again.
import type { ContentEncryption } from '#db/keys/content-encryption';
import type { EndpointTarget } from '#domain/endpoints/endpoint-target';
import { type SigningSecret, signingSecret } from '#outbound/signing-secret';
import { openTarget } from '#sealing/endpoint-target-encryption';
import { openSecret } from '#sealing/secret';
import { isLasting, type Vault } from '#sealing/vault';
import { asFault, RenderError } from './render-error.ts';

export interface DecryptionCache {
  secret(secret: { id: string; sealed: Uint8Array }): SigningSecret;
  target(endpointId: string, sealed: Uint8Array): EndpointTarget;
}

/** The functions of the cache throw VaultError. */
export function createDecryptionCache(vault: Pick<Vault, 'open'>): DecryptionCache {
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

interface Bodies<E> {
  eventId: string;
  body: Uint8Array;
  batch?: E[] | undefined;
}

/** The decrypted bodies of one event or of a batch. Throws RenderError when a body can never be decrypted. */
export async function openBodies<E extends { eventId: string; body: Uint8Array }>(
  contents: Pick<ContentEncryption, 'open'>,
  job: Bodies<E>,
) {
  if (!job.batch) return { body: await contents.open(job.eventId, job.body).catch(asFault) };
  const opening = job.batch.map(async (one) => ({ ...one, body: await contents.open(one.eventId, one.body) }));
  const faults = new Map<string, unknown>();
  for (const [index, one] of (await Promise.allSettled(opening)).entries()) {
    if (one.status === 'fulfilled') continue;
    if (!isLasting(one.reason)) throw one.reason;
    faults.set(job.batch[index]?.eventId ?? '', one.reason);
  }
  const [first] = faults.values();
  if (first !== undefined) throw new RenderError(first, [...faults.keys()]);
  return { batch: await Promise.all(opening) };
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
