// Ids: a prefix that says what the thing is, and a UUIDv7 behind it (RFC 9562) as 32 hex digits, so that ids sort by time.
//
// A delivery's id is made of its event's and its endpoint's: the time and the upper half of the event's, the lower halves of both XORed.
// So a repeat of the same event for the same endpoint can only ever be the same row, an event's deliveries lie side by side in the index,
// and the day of every event, delivery and attempt (its partition) is written in its id. docs/decisions/0001 has the proof.

export const idPrefixes = ['tnt', 'ep', 'evt', 'dlv', 'att', 'dsp', 'rly', 'sec', 'bat', 'alt', 'key', 'lnk', 'sgk'] as const;
export type IdPrefix = (typeof idPrefixes)[number];

const hexOf = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** A UUIDv7 as 32 lower-case hex digits from a time in Unix milliseconds and 10 random bytes. */
export function uuidV7(unixMs: number, random: Uint8Array): string {
  const time = unixMs.toString(16).padStart(12, '0');
  let rest = '';
  for (const byte of random) rest += hexOf[byte];
  const variant = ((Number.parseInt(rest[3] ?? '0', 16) & 0x3) | 0x8).toString(16);
  return `${time}7${rest.slice(0, 3)}${variant}${rest.slice(4, 19)}`;
}

export function makeId(prefix: IdPrefix, unixMs: number, random: Uint8Array): string {
  return `${prefix}_${uuidV7(unixMs, random)}`;
}

/** The UUID behind a prefixed id, as PostgreSQL reads it. */
export function uuidOf(id: string): string {
  return id.slice(id.indexOf('_') + 1);
}

/** The prefixed id of a UUID as PostgreSQL writes it. */
export function idOf(prefix: IdPrefix, uuid: string): string {
  return `${prefix}_${uuid.replaceAll('-', '')}`;
}

export function isId(prefix: IdPrefix, text: string): boolean {
  return text.startsWith(`${prefix}_`) && /^[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/.test(text.slice(prefix.length + 1));
}

/** The one delivery of this event to this endpoint. */
export function deliveryId(eventId: string, endpointId: string): string {
  const event = uuidOf(eventId);
  const mixed = BigInt(`0x${event.slice(16)}`) ^ BigInt(`0x${uuidOf(endpointId).slice(16)}`);
  const low = ((mixed & 0x3fffffffffffffffn) | 0x8000000000000000n).toString(16);
  return `dlv_${event.slice(0, 16)}${low}`;
}

/** The range of UUIDs, both ends included, in which all deliveries of an event lie. */
export function deliveryRange(eventId: string): { from: string; to: string } {
  const upper = uuidOf(eventId).slice(0, 16);
  return { from: `${upper}${'0'.repeat(16)}`, to: `${upper}${'f'.repeat(16)}` };
}

/** The lowest UUID of a millisecond: ids made before it sort below, ids made in it or later above. */
export function firstUuidAt(unixMs: number): string {
  return `${Math.max(0, Math.floor(unixMs)).toString(16).padStart(12, '0')}${'0'.repeat(20)}`;
}

export function unixMsOf(id: string): number {
  return Number.parseInt(uuidOf(id).slice(0, 12), 16);
}
