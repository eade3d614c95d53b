// Ids: a prefix for the kind of object and a UUIDv7 (RFC 9562) as 32 hex digits, so that ids sort
// by time. The id of a delivery is derived from its event and endpoint, so planning it twice gives
// the same row.

export const idPrefixes = [
  'tnt',
  'ep',
  'evt',
  'dlv',
  'att',
  'dsp',
  'rly',
  'sec',
  'bat',
  'alr',
  'key',
  'lnk',
  'ses',
  'sgk',
  'ach',
  'ntf',
  'rpl',
  'sbx',
  'sbr',
  'ety',
] as const;
export type IdPrefix = (typeof idPrefixes)[number];

const hexOf = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** UUIDv7 as 32 lower-case hex digits, from a time in Unix milliseconds and 10 random bytes. */
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

/** The UUID of a prefixed id, in a form that PostgreSQL reads. */
export function uuidOf(id: string): string {
  return id.slice(id.indexOf('_') + 1);
}

/** The prefixed id of a UUID in PostgreSQL's form (with hyphens). */
export function idOf(prefix: IdPrefix, uuid: string): string {
  return `${prefix}_${uuid.replaceAll('-', '')}`;
}

export function isId(prefix: IdPrefix, text: string): boolean {
  return text.startsWith(`${prefix}_`) && /^[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/.test(text.slice(prefix.length + 1));
}

/**
 * The id of an event's delivery to an endpoint: the upper half of the event's UUID (with its time), and the lower
 * halves of both XORed. So the same event and endpoint always have the same row. An event's deliveries are neighbours
 * in the index. The id holds the day, which is the partition. docs/decisions/0001 has the proof.
 */
export function deliveryId(eventId: string, endpointId: string): string {
  const event = uuidOf(eventId);
  const mixed = BigInt(`0x${event.slice(16)}`) ^ BigInt(`0x${uuidOf(endpointId).slice(16)}`);
  const low = ((mixed & 0x3fffffffffffffffn) | 0x8000000000000000n).toString(16);
  return `dlv_${event.slice(0, 16)}${low}`;
}

/** The range of UUIDs that contains all deliveries of an event, both ends included. */
export function deliveryRange(eventId: string): { from: string; to: string } {
  const upper = uuidOf(eventId).slice(0, 16);
  return { from: `${upper}${'0'.repeat(16)}`, to: `${upper}${'f'.repeat(16)}` };
}

/**
 * The range of each of these events, one at least, as two lists; and one range that contains all of them, which selects the
 * partitions in a statement.
 */
export function deliveryRanges(eventIds: readonly string[]): { lowest: string[]; highest: string[]; from: string; to: string } {
  const ranges = eventIds.map(deliveryRange);
  const lowest = ranges.map(({ from }) => from);
  const highest = ranges.map(({ to }) => to);
  return { lowest, highest, from: lowest.toSorted()[0] ?? '', to: highest.toSorted().at(-1) ?? '' };
}

/** The lowest UUID of a millisecond. Earlier ids sort below it, ids of this millisecond or later sort above it. */
export function firstUuidAt(unixMs: number): string {
  return `${Math.max(0, Math.floor(unixMs)).toString(16).padStart(12, '0')}${'0'.repeat(20)}`;
}

/** The lowest id of a millisecond. */
export function firstIdAt(prefix: IdPrefix, unixMs: number): string {
  return makeId(prefix, unixMs, new Uint8Array(10));
}

export function unixMsOf(id: string): number {
  return Number.parseInt(uuidOf(id).slice(0, 12), 16);
}
