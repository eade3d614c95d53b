// Encrypts events and responses before they are stored, and makes keyed hashes.

import type { SendResult } from '#domain/outcome';
import type { Content, ContentEncryption, Hash } from '../keys/content-encryption.ts';
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

interface Answered {
  attemptId: string;
  deliveryId: string;
  result: SendResult;
}

/** Encrypts the response to each attempt, headers and body together; null: there was none. */
export function encryptResponses(contents: Pick<ContentEncryption, 'seal'>, attempts: (Answered | null)[]): Promise<(Uint8Array | null)[]> {
  return contents.seal(
    attempts.map((attempt): Content | null => {
      const response = attempt?.result.response;
      if (!response || response.headers.length + response.bodyStart.length === 0) return null;
      // JSON has no raw line feed: the first one ends the headers
      const plain = Buffer.concat([Buffer.from(`${JSON.stringify(response.headers)}\n`), response.bodyStart]);
      return { ofDay: attempt.deliveryId, context: attempt.attemptId, plain };
    }),
  );
}

export interface StoredResponse {
  headers: [string, string][];
  body: Uint8Array;
}

/** Throws VaultError. */
export async function decryptResponse(
  contents: Pick<ContentEncryption, 'open'>,
  attemptId: string,
  sealed: Uint8Array,
): Promise<StoredResponse> {
  const plain = Buffer.from(await contents.open(attemptId, sealed));
  const end = plain.indexOf(10);
  return { headers: JSON.parse(plain.subarray(0, end).toString()), body: plain.subarray(end + 1) };
}
