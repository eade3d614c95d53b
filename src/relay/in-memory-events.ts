// Tracks the events that a relay holds in memory, and limits them in number and bytes.
// No tenant gets more than its share, so a tenant with slow endpoints does not keep others waiting.

const maxEvents = 10_000;
const maxBytes = 64 * 1024 * 1024;
/** Limit of one tenant's events that wait for their attempts. */
const maxEventsOfTenant = 1_000;
const maxBytesOfTenant = 16 * 1024 * 1024;
/**
 * A tenant with so many events that wait for their attempts is crowded: rows without an owner are left to relays with
 * fewer.
 */
const enoughOfTenant = 64;

interface Share {
  events: number;
  bytes: number;
}

export class InMemoryEvents {
  /** By event id. Null: it has no part in its tenant's share any more. */
  readonly #known = new Map<string, { tenantId: string; bytes: number } | null>();
  readonly #expected = new Set<string>();
  /** Events that wait for their attempts, and the bytes of their bodies, by tenant. */
  readonly #waiting = new Map<string, Share>();
  readonly #crowded = new Set<string>();
  readonly #fullTenants = new Set<string>();
  #bytes = 0;
  /** `isFull` has returned true, and no tenth has become free since. */
  #wasFull = false;
  #hasSpaceAgain = false;
  #hasRoomAgain = false;

  /** True: the event is in memory, or announced by `expect`. */
  has(eventId: string): boolean {
    return this.#known.has(eventId) || this.#expected.has(eventId);
  }

  /** Announces events that are about to be committed and that ingest passes on itself. */
  expect(eventIds: string[]): void {
    for (const id of eventIds) this.#expected.add(id);
  }

  unexpect(eventIds: string[]): void {
    for (const id of eventIds) this.#expected.delete(id);
  }

  isFull(): boolean {
    const full = this.#known.size >= maxEvents || this.#bytes >= maxBytes;
    this.#wasFull ||= full;
    return full;
  }

  /** True: there is no room for an event of this tenant, or for any event. */
  isFullFor(tenantId: string): boolean {
    const share = this.#waiting.get(tenantId);
    const full = share !== undefined && (share.events >= maxEventsOfTenant || share.bytes >= maxBytesOfTenant);
    if (full) this.#fullTenants.add(tenantId);
    return full || this.isFull();
  }

  /** The tenants for which `isFullFor` returned true and that have had no room since. */
  fullFor(): string[] {
    return [...this.#fullTenants];
  }

  /** The tenants that have enough events waiting here. */
  crowded(): string[] {
    return [...this.#crowded];
  }

  take(eventId: string, tenantId: string, bytes: number): void {
    this.#known.set(eventId, { tenantId, bytes });
    this.#count(tenantId, 1, bytes);
  }

  /** Notes that the event waits for no attempt any more: it no longer counts in its tenant's share. */
  freeShare(eventId: string): void {
    const held = this.#known.get(eventId);
    if (!held) return;
    this.#known.set(eventId, null);
    this.#count(held.tenantId, -1, -held.bytes);
  }

  forget(eventId: string): void {
    this.freeShare(eventId);
    this.#known.delete(eventId);
    if (!this.#wasFull || this.#known.size > maxEvents * 0.9 || this.#bytes > maxBytes * 0.9) return;
    this.#wasFull = false;
    this.#hasSpaceAgain = true;
  }

  /** True once after events that did not fit before have space. */
  takeSpaceAgain(): boolean {
    const has = this.#hasSpaceAgain;
    this.#hasSpaceAgain = false;
    return has;
  }

  /** True once after a crowded tenant is crowded no more. */
  takeRoomAgain(): boolean {
    const has = this.#hasRoomAgain;
    this.#hasRoomAgain = false;
    return has;
  }

  #count(tenantId: string, events: 1 | -1, bytes: number): void {
    const share = this.#waiting.get(tenantId) ?? { events: 0, bytes: 0 };
    share.events += events;
    share.bytes += bytes;
    this.#bytes += bytes;
    if (share.events === 0) this.#waiting.delete(tenantId);
    else this.#waiting.set(tenantId, share);
    if (share.events >= enoughOfTenant) this.#crowded.add(tenantId);
    else if (share.events < enoughOfTenant / 2 && this.#crowded.delete(tenantId)) this.#hasRoomAgain = true;
    const hasSpace = share.events < maxEventsOfTenant / 2 && share.bytes < maxBytesOfTenant / 2;
    if (hasSpace && this.#fullTenants.delete(tenantId)) this.#hasSpaceAgain = true;
  }
}
