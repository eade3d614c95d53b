// The receiver that a conformance run is about, and the keys that sign its requests: the real ones,
// and keys that the receiver does not know.
import { randomBytes } from 'node:crypto';
import type { EndpointTarget } from '#domain/endpoints/endpoint-target';
import { type Signing, secretFormsOf } from '#domain/endpoints/signing';
import type { BodyFormat } from '#domain/events/body-format';
import type { ShapeBody } from '#domain/shaping/shape';
import { privateKeyOf } from '#outbound/key-pair';
import type { MessageKey } from '#outbound/sign-message';
import type { Signers } from '#outbound/signatures';
import { type SigningSecret, signingSecret } from '#outbound/signing-secret';
import { newSecret } from '#sealing/secret';

export interface ConformanceTarget {
  /** Null: a URL without an endpoint. */
  endpointId: string | null;
  tenantId: string;
  target: EndpointTarget;
  format: BodyFormat;
  /** Null: Standard Webhooks v1. */
  signing: Signing | null;
  timeoutMs: number;
  secrets: readonly SigningSecret[];
  keyPairs: readonly MessageKey[];
  /** How the endpoint changes bodies; absent: not at all. `isWhole`: it has no other format then. */
  shape?: { shapeBody: ShapeBody; isWhole: boolean } | undefined;
  /** Requests are batches, here of one event each. */
  isBatched: boolean;
  /** The most requests at once that the endpoint allows. */
  mostAtOnce: number;
}

/**
 * real: as deliveries are signed. stranger: by keys that the receiver does not know, under the ids of the real ones.
 * stranger_first, stranger_last: by both, as during a rotation.
 */
export type SignedBy = 'real' | 'stranger' | 'stranger_first' | 'stranger_last';

export function signersOf({ signing, secrets, keyPairs }: ConformanceTarget, by: SignedBy): Signers {
  if (by === 'real') return { secrets, keyPairs };
  const forms = secretFormsOf(signing);
  const replaces = by === 'stranger';
  const secret = signingSecret(replaces ? (secrets[0]?.id ?? 'sec_unknown') : 'sec_unknown', newSecret(forms, randomBytes(32)));
  const keyPair = { keyId: replaces ? (keyPairs[0]?.keyId ?? 'sgk_unknown') : 'sgk_unknown', key: privateKeyOf(randomBytes(32)) };
  const strangers = { secrets: [secret], keyPairs: keyPairs.length > 0 ? [keyPair] : [] };
  if (replaces) return strangers;
  const both = by === 'stranger_first' ? [strangers, { secrets, keyPairs }] : [{ secrets, keyPairs }, strangers];
  return { secrets: both.flatMap((one) => one.secrets), keyPairs: both.flatMap((one) => one.keyPairs) };
}

/** Whether the signatures cover the time of the request. */
export function signsTime(signing: Signing | null): boolean {
  return signing === null || signing.schemes.length > 0 || !!signing.messageSignatures || signing.custom?.signed !== '{body}';
}

/**
 * Who may sign during a rotation: `separator` absent in a custom scheme means that its header has room for one signature,
 * made by the newest secret.
 */
export function rotationOrders(signing: Signing | null): SignedBy[] {
  const hasRoomForOne = signing?.custom !== undefined && signing.custom.separator === undefined;
  if (!hasRoomForOne) return ['stranger_first', 'stranger_last'];
  return signing.schemes.length > 0 || signing.messageSignatures ? ['stranger_last'] : [];
}
