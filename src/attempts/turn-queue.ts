// The fair queue of first attempts. Runs each item once when a slot is free, or gives it up once.
// After `stop` it drops items. A restart loses the queue; its events stay in the outbox.
import { Fifo } from '#domain/fifo';
import { type Crowd, lookAtCrowd } from './slot-crowd.ts';
import type { Slots } from './slots.ts';

/** How long items wait for an endpoint or tenant that gets no slot. An endpoint may be slow because this machine is. */
const patienceMs = 5_000;

export interface TurnQueue<T> {
  push(item: T, tenantId: string, endpointId: string, endpointLimit: number | null): void;
  size(): number;
  /** To be called regularly: other users of the slots do not tell the queue when they free one. */
  look(): void;
  /** Drops the items that wait and all later ones. Running items go on. */
  stop(): void;
}

interface Line<T> {
  endpointId: string;
  limit: number | null;
  items: Fifo<T>;
  crowd: Crowd | null;
}

interface Tenant<T> {
  tenantId: string;
  /** The endpoints that have items. Each is either ready or full. */
  lines: Map<string, Line<T>>;
  /** The next one first. */
  ready: Fifo<Line<T>>;
  full: Set<Line<T>>;
  inTurns: boolean;
}

export interface TurnQueueDeps<T> {
  places: Slots;
  /** Never rejects. */
  run(item: T): Promise<unknown>;
  /** No slot of the endpoint, or none of the tenant, became free in time. */
  giveUp(item: T, want: 'endpoint' | 'tenant'): void;
  /** True while Posthorn itself is held up (PostgreSQL is away, say), which is not the endpoints' fault. */
  heldUp?(): boolean;
  /** A monotonic clock, in milliseconds. */
  now?: () => number;
}

/**
 * Tenants take turns, and so do a tenant's endpoints. A full endpoint holds up no other. Items of an endpoint or tenant
 * that got no slot for 5 s are given up, and later ones too, until it gets a slot or nothing came for 5 s. Items of an
 * endpoint that serves far fewer than wait are given up earlier. If the process is full or PostgreSQL away, all wait.
 */
export function createTurnQueue<T extends object>(deps: TurnQueueDeps<T>): TurnQueue<T> {
  const { places, run, giveUp, heldUp = () => false, now = () => performance.now() } = deps;
  const tenants = new Map<string, Tenant<T>>();
  /** The tenants that may get a slot, the next one first. */
  const turns = new Fifo<Tenant<T>>();
  /** When each endpoint and tenant first and last got no slot; the one refused longest ago comes first. */
  const refused = new Map<string, { since: number; last: number }>();
  let size = 0;
  let stopped = false;

  function pump(): void {
    for (let tenant = turns.first; tenant && !stopped; tenant = turns.first) {
      const line = tenant.ready.first;
      const place = line && places.take(tenant.tenantId, line.endpointId, line.limit);
      if (place === 'process') return;
      if (line && place === 'endpoint') {
        // the tenant keeps its turn
        tenant.ready.shift();
        // call both: each updates its state
        const [stuck, outgrown] = [isStuck(line.endpointId), isOutgrown(line)];
        if (stuck || outgrown) giveUpAll(tenant, [line], 'endpoint');
        else tenant.full.add(line);
        continue;
      }
      turns.shift();
      tenant.inTurns = false;
      if (line && typeof place === 'function') begin(tenant, line, place);
      else if (place === 'tenant' && isStuck(tenant.tenantId)) giveUpAll(tenant, [...tenant.lines.values()], 'tenant');
    }
  }

  function begin(tenant: Tenant<T>, line: Line<T>, leave: () => void): void {
    const { tenantId } = tenant;
    const { endpointId } = line;
    served(tenantId, endpointId);
    tenant.ready.shift();
    const item = line.items.shift() as T;
    size--;
    if (line.crowd) line.crowd.served++;
    if (line.items.size > 0) tenant.ready.push(line);
    else forget(tenant, line);
    takeTurn(tenant);
    void run(item).then(() => {
      leave();
      end(tenantId, endpointId);
      pump();
    });
  }

  function end(tenantId: string, endpointId: string): void {
    served(tenantId, endpointId);
    const tenant = tenants.get(tenantId);
    const line = tenant?.lines.get(endpointId);
    if (!tenant) return;
    if (line && tenant.full.delete(line)) tenant.ready.push(line);
    takeTurn(tenant);
  }

  function served(tenantId: string, endpointId: string): void {
    refused.delete(tenantId);
    refused.delete(endpointId);
  }

  function isStuck(id: string): boolean {
    forgetOld();
    const since = refused.get(id)?.since ?? now();
    refused.delete(id);
    refused.set(id, { since, last: now() });
    return now() - since > patienceMs;
  }

  function isOutgrown(line: Line<T>): boolean {
    const { crowd, givenUp } = lookAtCrowd(line.crowd, line.items.size, places.ofEndpoint(line.limit), now());
    line.crowd = crowd;
    return givenUp;
  }

  /** An endpoint or tenant that asks again after 5 s starts a new wait of 5 s. */
  function forgetOld(): void {
    for (const [id, { last }] of refused) {
      if (now() - last <= patienceMs) return;
      refused.delete(id);
    }
  }

  function giveUpAll(tenant: Tenant<T>, lines: Line<T>[], want: 'endpoint' | 'tenant'): void {
    for (const line of lines) {
      forget(tenant, line);
      size -= line.items.size;
      for (let item = line.items.shift(); item; item = line.items.shift()) giveUp(item, want);
    }
  }

  /** A tenant without items is removed. It counts as new when it comes back. */
  function forget(tenant: Tenant<T>, line: Line<T>): void {
    tenant.lines.delete(line.endpointId);
    if (tenant.lines.size === 0) tenants.delete(tenant.tenantId);
  }

  function takeTurn(tenant: Tenant<T>): void {
    if (tenant.inTurns || tenant.ready.size === 0) return;
    tenant.inTurns = true;
    turns.push(tenant);
  }

  function lineOf(tenant: Tenant<T>, endpointId: string): Line<T> {
    const known = tenant.lines.get(endpointId);
    if (known) return known;
    const line: Line<T> = { endpointId, limit: null, items: new Fifo(), crowd: null };
    tenant.lines.set(endpointId, line);
    tenant.ready.push(line);
    return line;
  }

  return {
    size: () => size,
    push(item, tenantId, endpointId, limit) {
      if (stopped) return;
      const known = tenants.get(tenantId);
      const tenant = known ?? { tenantId, lines: new Map(), ready: new Fifo<Line<T>>(), full: new Set<Line<T>>(), inTurns: false };
      if (!known) tenants.set(tenantId, tenant);
      const line = lineOf(tenant, endpointId);
      line.limit = limit;
      line.items.push(item);
      size++;
      takeTurn(tenant);
      pump();
    },
    look() {
      const waitsForUs = heldUp();
      if (waitsForUs) refused.clear();
      forgetOld();
      for (const tenant of tenants.values()) {
        if (waitsForUs) for (const line of tenant.lines.values()) line.crowd = null;
        for (const line of tenant.full) tenant.ready.push(line);
        tenant.full.clear();
        takeTurn(tenant);
      }
      pump();
    },
    stop() {
      stopped = true;
      tenants.clear();
      size = 0;
    },
  };
}
