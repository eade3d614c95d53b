// Who posts next: tenants in turn, their endpoints in turn, each endpoint's items in order, as far as there are places. An endpoint that is full
// waits without holding up anybody; one that has answered nothing for 5 s while full is given up, and so is what comes for it, until it answers.
// While it is us who are held up - a store that is away, say - no endpoint is blamed.
import type { Places } from './places.ts';

const lookMs = 250;
/** What is given up costs a workflow each: an endpoint that is slow, or slow because this machine is, is waited for. */
const patienceMs = 5_000;

export interface TurnQueue<T> {
  push(item: T, tenantId: string, endpointId: string, endpointLimit: number | null): void;
  size(): number;
  /** Drops what waits; what runs goes on. */
  stop(): void;
}

interface Line<T> {
  endpointId: string;
  limit: number | null;
  items: T[];
}

interface Tenant<T> {
  ready: Map<string, Line<T>>;
  full: Map<string, Line<T>>;
}

export interface TurnQueueDeps<T> {
  places: Places;
  /** Never rejects. */
  run(item: T): Promise<unknown>;
  giveUp(item: T): void;
  /** Nothing ends now, through no fault of any endpoint. */
  heldUp?(): boolean;
}

export function createTurnQueue<T>({ places, run, giveUp, heldUp = () => false }: TurnQueueDeps<T>): TurnQueue<T> {
  const tenants = new Map<string, Tenant<T>>();
  /** Those with an endpoint that may have a place, the next one first. */
  const turns = new Map<string, Tenant<T>>();
  /** When each endpoint with requests in flight last answered, and how many there are. */
  const progress = new Map<string, { at: number; inFlight: number }>();
  const stuck = new Set<string>();
  let size = 0;
  const timer = setInterval(look, lookMs).unref();

  function pump(): void {
    for (let next = turns.entries().next(); !next.done; next = turns.entries().next()) {
      const [tenantId, tenant] = next.value;
      turns.delete(tenantId);
      const [line] = tenant.ready.values();
      if (!line) continue;
      const place = places.take(tenantId, line.endpointId, line.limit);
      if (typeof place === 'function') begin(tenantId, tenant, line, place);
      else if (place === 'process') {
        turns.set(tenantId, tenant);
        return;
      } else if (place === 'endpoint') {
        tenant.ready.delete(line.endpointId);
        tenant.full.set(line.endpointId, line);
        if (tenant.ready.size > 0) turns.set(tenantId, tenant);
      }
    }
  }

  function begin(tenantId: string, tenant: Tenant<T>, line: Line<T>, leave: () => void): void {
    const item = line.items.shift();
    tenant.ready.delete(line.endpointId);
    if (line.items.length > 0) tenant.ready.set(line.endpointId, line);
    if (tenant.ready.size > 0) turns.set(tenantId, tenant);
    else if (tenant.full.size === 0) tenants.delete(tenantId);
    if (item === undefined) {
      leave();
      return;
    }
    size--;
    const seen = progress.get(line.endpointId) ?? { at: performance.now(), inFlight: 0 };
    seen.inFlight++;
    progress.set(line.endpointId, seen);
    void run(item).then(() => {
      leave();
      end(tenantId, line.endpointId);
    });
  }

  function end(tenantId: string, endpointId: string): void {
    const seen = progress.get(endpointId);
    if (seen) {
      seen.at = performance.now();
      seen.inFlight--;
      if (seen.inFlight === 0) progress.delete(endpointId);
    }
    stuck.delete(endpointId);
    wake(tenantId);
    pump();
  }

  function wake(tenantId: string): void {
    const tenant = tenants.get(tenantId);
    if (!tenant) return;
    for (const [endpointId, line] of tenant.full) tenant.ready.set(endpointId, line);
    tenant.full.clear();
    turns.set(tenantId, tenant);
  }

  /** Places are shared with others, who do not tell us when one is free again. */
  function look(): void {
    const now = performance.now();
    if (heldUp()) for (const seen of progress.values()) seen.at = now;
    for (const [tenantId, tenant] of tenants) {
      for (const [endpointId, line] of tenant.full) {
        if (now - (progress.get(endpointId)?.at ?? now) <= patienceMs) continue;
        stuck.add(endpointId);
        tenant.full.delete(endpointId);
        size -= line.items.length;
        for (const item of line.items) giveUp(item);
      }
      if (tenant.ready.size + tenant.full.size === 0) tenants.delete(tenantId);
      else wake(tenantId);
    }
    pump();
  }

  return {
    size: () => size,
    push(item, tenantId, endpointId, limit) {
      if (stuck.has(endpointId) && progress.has(endpointId)) {
        giveUp(item);
        return;
      }
      const tenant = tenants.get(tenantId) ?? { ready: new Map(), full: new Map() };
      tenants.set(tenantId, tenant);
      const line = tenant.ready.get(endpointId) ?? tenant.full.get(endpointId) ?? { endpointId, limit, items: [] };
      line.items.push(item);
      size++;
      if (tenant.full.has(endpointId)) return;
      tenant.ready.set(endpointId, line);
      if (!turns.has(tenantId)) turns.set(tenantId, tenant);
      pump();
    },
    stop() {
      clearInterval(timer);
      tenants.clear();
      turns.clear();
      size = 0;
    },
  };
}
