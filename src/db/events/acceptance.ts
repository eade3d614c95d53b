// What is stored for an event that a producer posts, and what became of it.

export interface EventToAccept {
  eventId: string;
  externalId: string;
  type: string;
  channels: string[];
  body: Uint8Array;
  bodyTimestamp: string;
  /** SHA-256 of what was posted. */
  contentHash: Uint8Array;
  /** Whom it is about, for its erasure. */
  subject?: string | null;
  orderingKey: string | null;
  coalesceKey: string | null;
  version: number | null;
  deliverAt: string | null;
  expiresAt: string | null;
  /** Only to this endpoint, whatever it subscribes to: a test. */
  onlyEndpointId: string | null;
}

/** `id`: the internal id of the event that is stored now, which for a duplicate or a conflict is the earlier one. */
export interface Acceptance {
  kind: 'accepted' | 'duplicate' | 'conflict';
  id: string;
}
