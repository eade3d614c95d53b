// The fair queue in front of the slots. First attempts wait in it for a slot of their endpoint.
// Each waiter gets one answer: a slot, that there was none in time, or that the queue has stopped.
// A restart loses the queue; its events stay in the outbox.
import { Fifo } from '#domain/fifo';
import { checkOverload, type Overload, Refusals } from './slot-overload.ts';
import type { Slots } from './slots.ts';

/** A slot, as the function that gives it back; or whose limit left no slot in time; or `stopped`. */
export type SlotAnswer = (() => void) | 'endpoint' | 'tenant' | 'stopped';

/** Called once. It is a function because a promise in its place costs 290 bytes more for each waiter. */
type Waiter = (answer: SlotAnswer) => void;

interface EndpointQueue {
  endpointId: string;
  limit: number | null;
  waiters: Fifo<Waiter>;
  overload: Overload | null;
}

interface Tenant {
  tenantId: string;
  /** The endpoints that have waiters. Each is either ready or full. */
  queues: Map<string, EndpointQueue>;
  /** The next one first. */
  ready: Fifo<EndpointQueue>;
  full: Set<EndpointQueue>;
  /** True: it is in `#turns`, once. */
  inTurns: boolean;
}

/**
 * Tenants take turns, and so do a tenant's endpoints. A full endpoint holds up no other.
 *
 * A tenant exists while one of its endpoints has waiters. It is in `#turns` while an endpoint of it is ready, except
 * that a tenant without a free slot leaves `#turns` until one of its requests ends or `look` is called.
 *
 * An endpoint's queue exists while it has waiters. It is *ready* at first, and goes to the end of `ready` each time
 * one of its waiters gets a slot. It is *full* from the moment it gets no slot until one of its requests ends, or until
 * `look`: then it is ready again.
 *
 * All waiters of an endpoint or tenant that got no slot for 5 s are given up, and later ones too, until it gets a slot
 * or nothing came for 5 s. Those of an endpoint that serves far fewer than wait are given up earlier. If the process is
 * full or PostgreSQL is away, all wait.
 */
export class TurnQueue {
  readonly #slots: Slots;
  /** A monotonic clock, in milliseconds. */
  readonly #now: () => number;
  readonly #tenants = new Map<string, Tenant>();
  /** The tenants that may get a slot, the next one first. */
  readonly #turns = new Fifo<Tenant>();
  readonly #refusals = new Refusals();
  #size = 0;
  #stopped = false;

  constructor(slots: Slots, now: () => number = () => performance.now()) {
    this.#slots = slots;
    this.#now = now;
  }

  /** How many wait. */
  size(): number {
    return this.#size;
  }

  /** Waits for a slot, which the waiter gives back when its request has ended. */
  wait(tenantId: string, endpointId: string, endpointLimit: number | null, waiter: Waiter): void {
    if (this.#stopped) {
      waiter('stopped');
      return;
    }
    const tenant = this.#tenantOf(tenantId);
    const queue = this.#queueOf(tenant, endpointId);
    queue.limit = endpointLimit;
    queue.waiters.push(waiter);
    this.#size++;
    this.#takeTurn(tenant);
    this.#giveSlots();
  }

  /**
   * To be called regularly: other users of the slots do not tell the queue when they free one. `heldUp`: Posthorn itself
   * is held up (PostgreSQL is away, say), so no endpoint is given up for the time until now.
   */
  look(heldUp: boolean): void {
    if (heldUp) this.#refusals.clear();
    this.#refusals.forgetOld(this.#now());
    for (const tenant of this.#tenants.values()) {
      if (heldUp) for (const queue of tenant.queues.values()) queue.overload = null;
      for (const queue of tenant.full) tenant.ready.push(queue);
      tenant.full.clear();
      this.#takeTurn(tenant);
    }
    this.#giveSlots();
  }

  /** Answers `stopped` to all that wait, and to later ones. Slots that were given stay so until they are given back. */
  stop(): void {
    this.#stopped = true;
    for (const { queues } of this.#tenants.values()) for (const queue of queues.values()) this.#answerAll(queue, 'stopped');
    this.#tenants.clear();
  }

  #giveSlots(): void {
    for (let tenant = this.#turns.first; tenant && !this.#stopped; tenant = this.#turns.first) {
      const queue = tenant.ready.first;
      const taken = queue && this.#slots.take(tenant.tenantId, queue.endpointId, queue.limit);
      if (taken === 'process') return;
      if (queue && taken === 'endpoint') {
        // the tenant keeps its turn
        tenant.ready.shift();
        if (this.#isGivenUp(queue)) this.#giveUp(tenant, [queue], 'endpoint');
        else tenant.full.add(queue);
        continue;
      }
      this.#turns.shift();
      tenant.inTurns = false;
      if (queue && typeof taken === 'function') this.#begin(tenant, queue, taken);
      else if (taken === 'tenant' && this.#refusals.refuse(tenant.tenantId, this.#now()))
        this.#giveUp(tenant, [...tenant.queues.values()], 'tenant');
    }
  }

  #begin(tenant: Tenant, queue: EndpointQueue, giveBack: () => void): void {
    const waiter = queue.waiters.shift();
    if (!waiter) throw new Error(`endpoint ${queue.endpointId} is ready but nothing waits for it`);
    this.#size--;
    this.#refusals.served(tenant.tenantId, queue.endpointId);
    tenant.ready.shift();
    if (queue.overload) queue.overload.served++;
    if (queue.waiters.size > 0) tenant.ready.push(queue);
    else this.#remove(tenant, queue);
    this.#takeTurn(tenant);
    waiter(() => {
      giveBack();
      this.#end(tenant.tenantId, queue.endpointId);
    });
  }

  #end(tenantId: string, endpointId: string): void {
    this.#refusals.served(tenantId, endpointId);
    const tenant = this.#tenants.get(tenantId);
    const queue = tenant?.queues.get(endpointId);
    if (tenant && queue && tenant.full.delete(queue)) tenant.ready.push(queue);
    if (tenant) this.#takeTurn(tenant);
    this.#giveSlots();
  }

  #isGivenUp(queue: EndpointQueue): boolean {
    const now = this.#now();
    const { overload, givenUp } = checkOverload(queue.overload, queue.waiters.size, this.#slots.ofEndpoint(queue.limit), now);
    queue.overload = overload;
    return this.#refusals.refuse(queue.endpointId, now) || givenUp;
  }

  #giveUp(tenant: Tenant, queues: EndpointQueue[], want: 'endpoint' | 'tenant'): void {
    for (const queue of queues) {
      this.#remove(tenant, queue);
      this.#answerAll(queue, want);
    }
  }

  #answerAll({ waiters }: EndpointQueue, answer: SlotAnswer): void {
    this.#size -= waiters.size;
    for (let waiter = waiters.shift(); waiter; waiter = waiters.shift()) waiter(answer);
  }

  #takeTurn(tenant: Tenant): void {
    if (tenant.inTurns || tenant.ready.size === 0) return;
    tenant.inTurns = true;
    this.#turns.push(tenant);
  }

  #tenantOf(tenantId: string): Tenant {
    const known = this.#tenants.get(tenantId);
    if (known) return known;
    const tenant: Tenant = { tenantId, queues: new Map(), ready: new Fifo(), full: new Set(), inTurns: false };
    this.#tenants.set(tenantId, tenant);
    return tenant;
  }

  #queueOf(tenant: Tenant, endpointId: string): EndpointQueue {
    const known = tenant.queues.get(endpointId);
    if (known) return known;
    const queue: EndpointQueue = { endpointId, limit: null, waiters: new Fifo(), overload: null };
    tenant.queues.set(endpointId, queue);
    tenant.ready.push(queue);
    return queue;
  }

  /** A tenant without waiters is removed. It counts as new when it comes back. */
  #remove(tenant: Tenant, queue: EndpointQueue): void {
    tenant.queues.delete(queue.endpointId);
    if (tenant.queues.size === 0) this.#tenants.delete(tenant.tenantId);
  }
}
