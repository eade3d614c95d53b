// The events that a relay holds in memory: so many in all, by number and by bytes, and of one tenant no more than its share, so that a tenant whose
// endpoints are slow does not keep the others waiting in the outbox.

const most = 10_000;
const mostBytes = 64 * 1024 * 1024;
/** Of one tenant, not yet attempted. */
const mostOfTenant = 1_000;
const mostBytesOfTenant = 16 * 1024 * 1024;
/** Of one tenant, not yet attempted: no more are taken from those of nobody, for other relays have fewer. */
const enoughOfTenant = 64;

export interface InMemoryEvents {
  /** It is held, or expected. */
  has(eventId: string): boolean;
  /** These are about to be committed, and handed over by their acceptance. */
  expect(eventIds: string[]): void;
  unexpect(eventIds: string[]): void;
  /** No event of this tenant fits, or none at all. */
  isFullFor(tenantId: string): boolean;
  /** The tenants that were asked about and found full. */
  fullFor(): string[];
  isFull(): boolean;
  /** The tenants of which enough wait here. */
  crowded(): string[];
  take(eventId: string, tenantId: string, bytes: number): void;
  /** It waits for no attempt here any more, and its body is not needed. */
  attempted(eventId: string): void;
  forget(eventId: string): void;
}

export interface InMemoryEventsDeps {
  /** A tenant that was crowded is not any more. */
  onRoom(): void;
  /** There is room for events that did not fit. */
  onSpace(): void;
}

interface Share {
  events: number;
  bytes: number;
}

export function createInMemoryEvents({ onRoom, onSpace }: InMemoryEventsDeps): InMemoryEvents {
  /** Null: attempted. */
  const known = new Map<string, { tenantId: string; bytes: number } | null>();
  const expected = new Set<string>();
  const waiting = new Map<string, Share>();
  const crowds = new Set<string>();
  let bytes = 0;
  /** Asked and found full; told when half of it is free. */
  let wasFull = false;
  const fullTenants = new Set<string>();

  function isFull(): boolean {
    const full = known.size >= most || bytes >= mostBytes;
    wasFull ||= full;
    return full;
  }

  function isFullFor(tenantId: string): boolean {
    const share = waiting.get(tenantId);
    const full = share !== undefined && (share.events >= mostOfTenant || share.bytes >= mostBytesOfTenant);
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
    const hasSpace = share.events < mostOfTenant / 2 && share.bytes < mostBytesOfTenant / 2;
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
      if (!wasFull || known.size > most * 0.9 || bytes > mostBytes * 0.9) return;
      wasFull = false;
      onSpace();
    },
  };
}
