// Who posts next: tenants in turn, their endpoints in turn, each endpoint's items in order, as far as there are places. An endpoint that is full
// waits without holding up anybody. What waits for an endpoint or a tenant that has got no place for 5 s is given up, and so is what comes for it
// after that, until it gets one or nobody has asked for 5 s. What waits for an endpoint that serves far fewer than wait
// is given up earlier.
// While the process itself is full, or held up by its store, everything waits.
import { Fifo } from '#domain/fifo';
import type { Slots } from './places.ts';
import { type Crowd, lookAtCrowd } from './slot-crowd.ts';

/** An endpoint that is slow, or slow because this machine is, is waited for. */
const patienceMs = 5_000;

export interface TurnQueue<T> {
  push(item: T, tenantId: string, endpointId: string, endpointLimit: number | null): void;
  size(): number;
  /** To be called now and then: places are shared with others, who do not tell us when one is free again. */
  look(): void;
  /** Drops what waits and what comes; what runs goes on. */
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
  /** Those with items, each either ready or full. */
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
  /** For want of a place of its endpoint, or of any for its tenant. */
  giveUp(item: T, want: 'endpoint' | 'tenant'): void;
  /** Nothing ends now, through no fault of any endpoint. */
  heldUp?(): boolean;
  /** Milliseconds, never going back. */
  now?: () => number;
}

export function createTurnQueue<T extends object>(deps: TurnQueueDeps<T>): TurnQueue<T> {
  const { places, run, giveUp, heldUp = () => false, now = () => performance.now() } = deps;
  const tenants = new Map<string, Tenant<T>>();
  /** Those that may get a place, the next one first. */
  const turns = new Fifo<Tenant<T>>();
  /** When each endpoint and tenant was refused a place first and last; the longest ago first. */
  const refused = new Map<string, { since: number; last: number }>();
  let size = 0;
  let stopped = false;

  function pump(): void {
    for (let tenant = turns.first; tenant && !stopped; tenant = turns.first) {
      const line = tenant.ready.first;
      const place = line && places.take(tenant.tenantId, line.endpointId, line.limit);
      if (place === 'process') return;
      if (line && place === 'endpoint') {
        // its tenant keeps the turn
        tenant.ready.shift();
        // both are asked: each keeps its own account
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

  /** What was refused once and comes again much later is as patient as anything new. */
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

  /** A tenant without lines is a new one when it comes again. */
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
