// Encrypts events before they are stored, and makes keyed hashes.

import type { ContentEncryption, Hash } from '../keys/content-encryption.ts';
import type { EventToAccept } from './acceptance.ts';

export type Sealing = Pick<ContentEncryption, 'seal' | 'hasher'>;

/** An event with its body encrypted and its hashes keyed. */
export type EncryptedEvent<E extends EventToAccept> = Omit<E, 'subject'> & { subjectHash: Uint8Array | null };

/** Encrypts these events, in order. */
export async function encryptEvents<E extends EventToAccept & { tenant: string }>(
  contents: Sealing,
  events: E[],
): Promise<EncryptedEvent<E>[]> {
  const hash = await contents.hasher();
  const bodies = await contents.seal(events.map(({ eventId, body }) => ({ ofDay: eventId, context: eventId, plain: body })));
  return events.map(({ subject, ...event }, index) => ({
    ...event,
    body: bodies[index] ?? new Uint8Array(),
    contentHash: hash(event.contentHash),
    subjectHash: subject == null ? null : subjectHash(hash, event.tenant, subject),
  }));
}

/** Includes the tenant (its external id), so that nobody sees that two tenants know the same person. */
export function subjectHash(hash: Hash, tenant: string, subject: string): Uint8Array {
  return hash(`subject\n${tenant}\n${subject}`);
}
