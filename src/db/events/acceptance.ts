// The facts stored for an event that a producer posts, and the result of accepting it.
import type { TraceContext } from '#domain/events/trace-context';

export interface EventToAccept {
  eventId: string;
  externalId: string;
  type: string;
  channels: string[];
  body: Uint8Array;
  bodyTimestamp: string;
  /** SHA-256 of the posted content. */
  contentHash: Uint8Array;
  /** The person it is about, by which it can be erased. */
  subject?: string | null;
  orderingKey: string | null;
  coalesceKey: string | null;
  version: number | null;
  deliverAt: string | null;
  expiresAt: string | null;
  /** Sent only to this endpoint, whatever it subscribes to: a test event. */
  onlyEndpointId: string | null;
  /** The trace that it belongs to. Absent or null: none. */
  trace?: TraceContext | null;
}

/** `id`: the internal id of the stored event; for a duplicate or a conflict, of the earlier one. */
export interface Acceptance {
  kind: 'accepted' | 'duplicate' | 'conflict';
  id: string;
}
