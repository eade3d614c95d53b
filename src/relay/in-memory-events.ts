// Tracks the events that a relay holds in memory, and limits them in number and bytes.
// No tenant gets more than its share, so a tenant with slow endpoints does not keep others waiting.

const maxEvents = 10_000;
const maxBytes = 64 * 1024 * 1024;
/** Limit of one tenant's events that are not attempted yet. */
const maxEventsOfTenant = 1_000;
const maxBytesOfTenant = 16 * 1024 * 1024;
/**
 * A tenant with so many events that are not attempted yet is crowded: rows without an owner are left to relays with
 * fewer.
 */
const enoughOfTenant = 64;

export interface InMemoryEvents {
  /** True: the event is in memory, or announced by `expect`. */
  has(eventId: string): boolean;
  /** Announces events that are about to be committed and that ingest hands over itself. */
  expect(eventIds: string[]): void;
  unexpect(eventIds: string[]): void;
  /** True: there is no room for an event of this tenant, or for any event. */
  isFullFor(tenantId: string): boolean;
  /** The tenants for which `isFullFor` returned true and that have had no room since. */
  fullFor(): string[];
  isFull(): boolean;
  /** The tenants that have enough events waiting here. */
  crowded(): string[];
  take(eventId: string, tenantId: string, bytes: number): void;
  /** Notes that the event waits for no attempt any more; its body no longer counts. */
  attempted(eventId: string): void;
  forget(eventId: string): void;
}

export interface InMemoryEventsDeps {
  /** Called when a crowded tenant has room again. */
  onRoom(): void;
  /** Called when there is room for events that did not fit before. */
  onSpace(): void;
}

interface Share {
  events: number;
  bytes: number;
}

export function createInMemoryEvents({ onRoom, onSpace }: InMemoryEventsDeps): InMemoryEvents {
  /** By event id. Null: attempted. */
  const known = new Map<string, { tenantId: string; bytes: number } | null>();
  const expected = new Set<string>();
  const waiting = new Map<string, Share>();
  const crowds = new Set<string>();
  let bytes = 0;
  /** `isFull` has returned true. Cleared, with a call of `onSpace`, once a tenth is free. */
  let wasFull = false;
  const fullTenants = new Set<string>();

  function isFull(): boolean {
    const full = known.size >= maxEvents || bytes >= maxBytes;
    wasFull ||= full;
    return full;
  }

  function isFullFor(tenantId: string): boolean {
    const share = waiting.get(tenantId);
    const full = share !== undefined && (share.events >= maxEventsOfTenant || share.bytes >= maxBytesOfTenant);
    if (full) fullTenants.add(tenantId);
    return full || isFull();
  }

  function count(tenantId: string, events: 1 | -1, moreBytes: number): void {
    const share = waiting.get(tenantId) ?? { events: 0, bytes: 0 };
    share.events += events;
    share.bytes += moreBytes;
    bytes += moreBytes;
    if (share.events === 0) waiting.delete(tenantId);
    else waiting.set(tenantId, share);
    if (share.events >= enoughOfTenant) crowds.add(tenantId);
    else if (share.events < enoughOfTenant / 2 && crowds.delete(tenantId)) onRoom();
    const hasSpace = share.events < maxEventsOfTenant / 2 && share.bytes < maxBytesOfTenant / 2;
    if (hasSpace && fullTenants.delete(tenantId)) onSpace();
  }

  function attempted(eventId: string): void {
    const held = known.get(eventId);
    if (!held) return;
    known.set(eventId, null);
    count(held.tenantId, -1, -held.bytes);
  }

  return {
    has: (eventId) => known.has(eventId) || expected.has(eventId),
    expect(eventIds) {
      for (const id of eventIds) expected.add(id);
    },
    unexpect(eventIds) {
      for (const id of eventIds) expected.delete(id);
    },
    isFull,
    isFullFor,
    fullFor: () => [...fullTenants],
    crowded: () => [...crowds],
    take(eventId, tenantId, size) {
      known.set(eventId, { tenantId, bytes: size });
      count(tenantId, 1, size);
    },
    attempted,
    forget(eventId) {
      attempted(eventId);
      known.delete(eventId);
      if (!wasFull || known.size > maxEvents * 0.9 || bytes > maxBytes * 0.9) return;
      wasFull = false;
      onSpace();
    },
  };
}
